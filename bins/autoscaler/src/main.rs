//! The node autoscaler for VPSie: reads its arguments, wires the libraries together, and ends with a clear code.

mod access;
mod api;
mod args;
mod audit;
mod configuration;
mod demo;
mod election;
mod exit;
mod explain;
mod input;
mod logging;
mod match_file;
mod output;
mod plan;
mod run;
mod sim_cloud;
mod site;
mod traces;

use args::{Command, ExplainCommand};
use configuration::Configuration;
use exit::Failure;
use std::process::ExitCode;
use traces::Traces;

fn main() -> ExitCode {
    let configuration = match Configuration::read(std::env::args_os()) {
        Ok(configuration) => configuration,
        Err(error) => match error.downcast::<clap::Error>() {
            Ok(usage) => usage.exit(),
            Err(error) => return Failure::input(error).report(),
        },
    };
    let arguments = &configuration.arguments;
    let (usual, endpoint) = (
        arguments.command.usual_log_level(),
        arguments.command.otlp_endpoint(),
    );
    let traces = endpoint.map(Traces::to).transpose();
    let started = traces.and_then(|traces| {
        logging::start(&arguments.log, usual, traces.as_ref())?;
        Ok(traces)
    });
    let traces = match started {
        Ok(traces) => traces,
        Err(failure) => return failure.report(),
    };
    let outcome = match &arguments.command {
        Command::Run(options) if options.print_config => run::print(options, &configuration),
        Command::Run(options) => run::run(options),
        Command::Demo(options) => demo::run(options),
        Command::Crd => {
            output::print(autoscaler_controller::resources::crds_yaml().trim_end());
            Ok(())
        }
        Command::Match(options) => match_file::run(options),
        Command::Plan(options) => plan::run(options),
        Command::Explain(ExplainCommand::Vpsienode(options)) => explain::run(options),
        Command::Explain(ExplainCommand::Pod(options)) => plan::explain(options),
        Command::Audit(command) => audit::run(command),
        Command::SimCloud(options) => sim_cloud::run(options),
    };
    if let Some(traces) = traces {
        traces.finish();
    }
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
