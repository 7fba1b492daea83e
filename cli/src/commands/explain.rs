// SPDX-License-Identifier: Apache-2.0

//! `kalamtable explain`: describes the rules.

use std::fmt::Write;

use kalamtable_model::{AnyRule, Fixture, Severity, nearest};
use serde_json::json;

use crate::command_error::CommandError;
use crate::report::{CommandReport, ReportOptions, rule_value};

/// Describe a rule, or list all rules
///
/// Prints the reason for a rule, its severity and its fix. For a rule about changes, also prints
/// the effect at each level, the direction and an example.
#[derive(Debug, clap::Args)]
pub(crate) struct ExplainArguments {
    /// The id or the name of a rule, such as KT1204 or `type-changed`
    #[arg(value_name = "RULE")]
    pub(crate) rule: Option<String>,
    #[command(flatten)]
    pub(crate) report: ReportOptions,
}

/// Describes the rule, or lists all rules.
///
/// # Errors
/// Fails if no rule has the id or the name.
pub(crate) fn explain(arguments: &ExplainArguments) -> Result<CommandReport, CommandError> {
    let rules = match &arguments.rule {
        None => AnyRule::all().collect(),
        Some(written) => vec![find(written)?],
    };
    let mut report = CommandReport::default();
    let values = rules.iter().copied().map(rule_value);
    report.result = json!({ "rules": values.collect::<Vec<_>>() });
    report.output = match &rules[..] {
        [rule] => description(*rule),
        rules => list(rules),
    };
    Ok(report)
}

fn find(written: &str) -> Result<AnyRule, CommandError> {
    let (id, name) = (compact_id(written), written.replace(['_', ' '], "-"));
    let is_named =
        |rule: &AnyRule| compact_id(rule.id()) == id || rule.name().eq_ignore_ascii_case(&name);
    if let Some(rule) = AnyRule::all().find(is_named) {
        return Ok(rule);
    }
    let names = AnyRule::all().map(AnyRule::name);
    let help = match nearest(written, names) {
        Some(name) => format!("did you mean `{name}`?"),
        None => "`kalamtable explain` lists all rules".to_string(),
    };
    let message = format!("no rule has the id or the name `{written}`");
    Err(CommandError::new(message).with_help(help))
}

/// Returns an id without `KT` and separators: `1204` for `KT1204`, `kt-1204` and `[KT1204]`.
fn compact_id(written: &str) -> String {
    let characters = written.chars().filter(char::is_ascii_alphanumeric);
    let id: String = characters.collect::<String>().to_ascii_uppercase();
    id.strip_prefix("KT").unwrap_or(&id).to_string()
}

/// Returns the way to fix a problem. The message about the problem contains details.
fn fix(rule: AnyRule) -> &'static str {
    match rule {
        AnyRule::Evolution(rule) => rule.fix(),
        AnyRule::Definition(_) => {
            "change the definition at the reported position, as the help of the message states"
        }
        AnyRule::Lock(_) => {
            "restore the lock from version control, or change the definition or the entries at the top \
             of the lock, as the help of the message states"
        }
    }
}

fn list(rules: &[AnyRule]) -> String {
    let width = rules
        .iter()
        .map(|rule| rule.name().len())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for rule in rules {
        let (id, name, why) = (rule.id(), rule.name(), rule.why());
        let _ = writeln!(text, "{id}  {name:width$}  {why}");
    }
    text
}

fn description(rule: AnyRule) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{} {}\n", rule.id(), rule.name());
    let _ = writeln!(text, "reason:    {}", rule.why());
    let severity = match rule.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let _ = writeln!(text, "severity:  {severity}");
    if let AnyRule::Evolution(rule) = rule {
        let _ = writeln!(text, "effect:    {}", rule.verdicts());
        let _ = writeln!(text, "direction: {}", rule.direction().as_str());
    }
    let _ = writeln!(text, "fix:       {}", fix(rule));
    if let AnyRule::Evolution(rule) = rule {
        push_example(&mut text, &rule.fixture());
    }
    text
}

/// Appends the versions of an example, and the report about the last one.
fn push_example(text: &mut String, fixture: &Fixture) {
    for (index, version) in fixture.before.iter().enumerate() {
        push_part(
            text,
            &format!("version {} of the example", index + 1),
            version,
        );
    }
    match fixture.after {
        "" => text.push_str("\nnext version: the definition is removed\n"),
        after => push_part(text, "next version", after),
    }
    push_part(text, "report", fixture.report);
}

fn push_part(text: &mut String, title: &str, part: &str) {
    let _ = writeln!(text, "\n{title}:");
    for line in part.trim_end().lines() {
        let _ = writeln!(text, "{}", format!("    {line}").trim_end());
    }
}
