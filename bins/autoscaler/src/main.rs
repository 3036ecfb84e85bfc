//! The node autoscaler for VPSie: reads its arguments, wires the libraries together, and ends with a clear code.

mod access;
mod args;
mod demo;
mod election;
mod exit;
mod explain;
mod logging;
mod match_file;
mod output;
mod run;
mod sim_cloud;
mod site;

use args::{Arguments, Command, ExplainCommand};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Err(failure) = logging::start(&arguments.log, arguments.command.usual_log_level()) {
        return failure.report();
    }
    let outcome = match arguments.command {
        Command::Run(options) => run::run(&options),
        Command::Demo(options) => demo::run(&options),
        Command::Crd => {
            output::print(autoscaler_controller::resources::crds_yaml().trim_end());
            Ok(())
        }
        Command::Match(options) => match_file::run(&options),
        Command::Explain(ExplainCommand::Vpsienode(options)) => explain::run(&options),
        Command::SimCloud(options) => sim_cloud::run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
