//! Draws how the time of matching grows with the fleet, from what the benchmark measured last:
//! `cargo bench -p node-match --bench fleets && cargo run -p node-match --example plot_growth`.
//!
//! Both scales are logarithmic, so that linear growth is a straight line along the dashed one.

use std::error::Error;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use serde_json::Value;

/// Where the plot goes, seen from the root of the checkout.
const PLOT: &str = "docs/images/matching-growth.svg";
/// The sizes that are measured where that is feasible.
const SIZES: [u32; 4] = [100, 1_000, 10_000, 100_000];
/// The aim: so many claims, machines and Nodes each, in so many milliseconds.
const AIM: (f64, f64) = (10_000.0, 10.0);

const OURS: RGBColor = RGBColor(0, 90, 160);
const THEIRS: RGBColor = RGBColor(200, 80, 0);
const GUIDE: RGBColor = RGBColor(130, 130, 130);

/// Holds what was measured in one group of the benchmark: sizes and milliseconds.
struct Series {
    label: &'static str,
    colour: RGBColor,
    points: Vec<(f64, f64)>,
}

#[expect(clippy::print_stdout, reason = "this is a program for the terminal")]
fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| OsString::from("target"));
    let measured = root.join(target).join("criterion");
    let all = [
        read(&measured, "usual fleet", "node-match", OURS)?,
        read(
            &measured,
            "usual fleet, rule of the predecessor",
            "rule of the Go predecessor, machines only",
            THEIRS,
        )?,
    ];
    let plot = root.join(PLOT);
    fs::create_dir_all(plot.parent().expect("the plot goes into a folder"))?;
    draw(&plot, &all)?;
    println!("{PLOT}");
    for series in &all {
        for (size, time) in &series.points {
            println!("{}, {size}: {}", series.label, in_words(*time));
        }
    }
    Ok(())
}

/// Reads the median of every size of a group that was measured.
fn read(
    measured: &Path,
    group: &str,
    label: &'static str,
    colour: RGBColor,
) -> Result<Series, Box<dyn Error>> {
    let mut points = Vec::new();
    for size in SIZES {
        let path: PathBuf = measured.join(group).join(format!("{size}/new/estimates.json"));
        if !path.exists() {
            continue;
        }
        let estimates: Value = serde_json::from_str(&fs::read_to_string(&path)?)?;
        let nanoseconds = estimates["median"]["point_estimate"].as_f64();
        let nanoseconds = nanoseconds.ok_or_else(|| format!("no median in {}", path.display()))?;
        points.push((f64::from(size), nanoseconds / 1e6));
    }
    if points.is_empty() {
        let folder = measured.display();
        return Err(
            format!("nothing measured in {folder}: run cargo bench -p node-match --bench fleets").into(),
        );
    }
    Ok(Series {
        label,
        colour,
        points,
    })
}

fn draw(path: &Path, all: &[Series]) -> Result<(), Box<dyn Error>> {
    let area = SVGBackend::new(path, (900, 560)).into_drawing_area();
    // The page behind it may be dark.
    area.fill(&WHITE)?;
    draw_chart(&area, all)?;
    area.present()?;
    Ok(())
}

fn draw_chart(area: &DrawingArea<SVGBackend<'_>, Shift>, all: &[Series]) -> Result<(), Box<dyn Error>> {
    let mut chart = ChartBuilder::on(area)
        .caption("One pass over the usual fleet", ("sans-serif", 24))
        .margin(20)
        .x_label_area_size(55)
        .y_label_area_size(80)
        .build_cartesian_2d(
            (50.0..300_000.0_f64).log_scale(),
            (0.001..10_000.0_f64).log_scale(),
        )?;
    chart
        .configure_mesh()
        .max_light_lines(0)
        .bold_line_style(RGBColor(220, 220, 220))
        .x_desc("claims = machines = Nodes")
        .y_desc("core time of one pass")
        .x_label_formatter(&|size| with_commas(*size))
        .y_label_formatter(&|time| in_words(*time))
        .label_style(("sans-serif", 15))
        .axis_desc_style(("sans-serif", 17))
        .draw()?;
    let linear = [(100.0, AIM.1 / 100.0), (100_000.0, AIM.1 * 10.0)];
    chart
        .draw_series(DashedLineSeries::new(linear, 6, 5, GUIDE.stroke_width(1)))?
        .label("linear, through the aim: 10 ms for 10,000")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 25, y)], GUIDE));
    for series in all {
        let colour = series.colour;
        chart
            .draw_series(LineSeries::new(
                series.points.iter().copied(),
                colour.stroke_width(2),
            ))?
            .label(series.label)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 25, y)], colour.stroke_width(2)));
        chart.draw_series(series.points.iter().map(|point| {
            let (place, corner) = beside(*point, all);
            let style = ("sans-serif", 15).into_font().color(&colour).pos(corner);
            EmptyElement::at(*point)
                + Circle::new((0, 0), 4, colour.filled())
                + Text::new(in_words(point.1), place, style)
        }))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE)
        .border_style(GUIDE)
        .label_font(("sans-serif", 15))
        .draw()?;
    Ok(())
}

/// Tells where a time is written: the lines may cross, so the longest of each size stands above its dot.
fn beside(point: (f64, f64), all: &[Series]) -> ((i32, i32), Pos) {
    let mut of_its_size = all
        .iter()
        .flat_map(|series| &series.points)
        .filter(|other| other.0 == point.0);
    if of_its_size.all(|other| other.1 <= point.1) {
        ((-6, -6), Pos::new(HPos::Right, VPos::Bottom))
    } else {
        ((8, 6), Pos::new(HPos::Left, VPos::Top))
    }
}

/// Writes milliseconds with two digits, in the unit that suits.
fn in_words(milliseconds: f64) -> String {
    let (value, unit) = if milliseconds < 1.0 {
        (milliseconds * 1_000.0, "µs")
    } else if milliseconds < 1_000.0 {
        (milliseconds, "ms")
    } else {
        (milliseconds / 1_000.0, "s")
    };
    if value < 10.0 {
        let tenths = (value * 10.0).round() / 10.0;
        format!("{tenths} {unit}")
    } else {
        format!("{value:.0} {unit}")
    }
}

/// Writes a whole number below a million with a comma between thousands.
fn with_commas(number: f64) -> String {
    let text = format!("{number:.0}");
    match text.len() {
        4.. => format!("{},{}", &text[..text.len() - 3], &text[text.len() - 3..]),
        0..4 => text,
    }
}
