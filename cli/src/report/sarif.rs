// SPDX-License-Identifier: Apache-2.0

//! The report as one SARIF 2.1.0 document:
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>.

use std::collections::BTreeSet;
use std::fmt::Write;

use kalamtable_model::{AnyRule, Diagnostic, Location, Severity};
use serde_json::{Value, json};

use super::command_report::CommandReport;
use super::json::{severity, verdicts};
use super::location::ReportLocation;
use super::repository_path::RepositoryPaths;
use crate::command_error::CommandError;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

pub(super) fn document(result: &Result<CommandReport, CommandError>) -> Value {
    let (rules, results, invocation) = match result {
        Ok(report) => {
            let rules: BTreeSet<AnyRule> = report.findings.iter().map(|one| one.rule).collect();
            let rules: Vec<AnyRule> = rules.into_iter().collect();
            let paths = RepositoryPaths::new(&report.revisions);
            let results = report
                .findings
                .iter()
                .map(|one| finding(one, &rules, report, &paths));
            let results: Vec<Value> = results.collect();
            (rules, results, json!({ "executionSuccessful": true }))
        }
        Err(error) => {
            let notification = json!({
                "level": "error",
                "message": { "text": with_help(&error.message, &error.help) },
            });
            let invocation = json!({
                "executionSuccessful": false,
                "toolExecutionNotifications": [notification],
            });
            (Vec::new(), Vec::new(), invocation)
        }
    };
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "kalamtable",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules.into_iter().map(rule).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [invocation],
            "results": results,
        }],
    })
}

fn rule(rule: AnyRule) -> Value {
    let mut value = json!({
        "id": rule.id(),
        "name": rule.name(),
        "shortDescription": { "text": rule.why() },
        "help": { "text": format!("`kalamtable explain {}` describes the rule", rule.id()) },
        "defaultConfiguration": { "level": severity(rule.severity()) },
    });
    if let AnyRule::Evolution(rule) = rule {
        value["help"]["text"] = rule.fix().into();
        value["properties"] = json!({
            "direction": rule.direction().as_str(),
            "verdicts": verdicts(rule.verdicts()),
        });
    }
    value
}

fn finding(
    finding: &Diagnostic,
    rules: &[AnyRule],
    report: &CommandReport,
    paths: &RepositoryPaths<'_>,
) -> Value {
    let mut value = json!({
        "ruleId": finding.rule.id(),
        "ruleIndex": rules.binary_search(&finding.rule).unwrap_or_default(),
        "level": match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        "message": { "text": with_help(&finding.message, &finding.help) },
    });
    if let Some(place) = ReportLocation::of(&finding.location, &report.sources) {
        value["locations"] = json!([physical_location(&place, paths)]);
    }
    if let Location::Span { related, .. } = &finding.location {
        let places = related.iter().filter_map(|label| {
            let place = ReportLocation::of_label(label, &report.sources)?;
            let mut location = physical_location(&place, paths);
            location["message"] = json!({ "text": label.text });
            Some(location)
        });
        let mut locations: Vec<Value> = places.collect();
        // The schema rejects equal locations.
        locations.dedup();
        if !locations.is_empty() {
            value["relatedLocations"] = locations.into();
        }
    }
    if let Some(levels) = finding.verdicts {
        value["properties"] = json!({ "verdicts": verdicts(levels) });
    }
    value
}

fn physical_location(place: &ReportLocation, paths: &RepositoryPaths<'_>) -> Value {
    let path = paths.relative(&place.path);
    let mut location = json!({ "artifactLocation": { "uri": uri(&path) } });
    if let Some(range) = place.range {
        location["region"] = json!({
            "startLine": range.line,
            "startColumn": range.column,
            "endLine": range.end_line,
            "endColumn": range.end_column,
        });
    }
    json!({ "physicalLocation": location })
}

fn with_help(message: &str, help: &[String]) -> String {
    let mut text = message.to_string();
    for help in help {
        let _ = write!(text, "\nhelp: {help}");
    }
    text
}

/// Returns a path as a URI: relative if the path is relative, and otherwise of the scheme `file`.
fn uri(path: &str) -> String {
    let path = path.replace('\\', "/");
    let mut uri = String::new();
    let has_drive = path.as_bytes().get(1) == Some(&b':');
    if path.starts_with('/') {
        uri.push_str("file://");
    } else if has_drive {
        uri.push_str("file:///");
    }
    for (index, byte) in path.bytes().enumerate() {
        let is_drive = has_drive && index == 1;
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) || is_drive {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uri_is_relative_only_for_relative_paths() {
        assert_eq!(uri("schemas/a b.toml"), "schemas/a%20b.toml");
        assert_eq!(uri("dir:a/é.toml"), "dir%3Aa/%C3%A9.toml");
        assert_eq!(uri("/srv/a.toml"), "file:///srv/a.toml");
        assert_eq!(uri("C:\\srv\\a.toml"), "file:///C:/srv/a.toml");
    }
}
