// SPDX-License-Identifier: Apache-2.0

//! The report as one JSON document. README.md describes its members; a change of their meaning
//! raises [`FORMAT_VERSION`].

use kalamtable_model::{AnyRule, Diagnostic, Level, Location, Severity, Verdict, Verdicts};
use serde_json::{Value, json};

use super::command_report::CommandReport;
use super::location::{ReportLocation, TableSubject};
use crate::command_error::CommandError;

/// The version of the format. Members are added without a change of the version.
const FORMAT_VERSION: u32 = 1;

pub(super) fn document(command: &str, result: &Result<CommandReport, CommandError>) -> Value {
    let mut document = json!({
        "format_version": FORMAT_VERSION,
        "tool": { "name": "kalamtable", "version": env!("CARGO_PKG_VERSION") },
        "command": command,
        "outcome": "success",
        "error": null,
        "summary": { "text": "", "errors": 0, "warnings": 0 },
        "findings": [],
        "result": null,
    });
    match result {
        Ok(report) => {
            if report.has_problems() {
                document["outcome"] = "findings".into();
            }
            document["summary"] = json!({
                "text": report.summary_text(),
                "errors": report.problem_count(),
                "warnings": report.warning_count(),
            });
            let findings = report.findings.iter();
            document["findings"] = findings.map(|one| finding(one, report)).collect();
            document["result"] = report.result.clone();
        }
        Err(error) => {
            document["outcome"] = "error".into();
            document["error"] = json!({ "message": error.message, "help": error.help });
        }
    }
    document
}

fn finding(finding: &Diagnostic, report: &CommandReport) -> Value {
    let subject = TableSubject::at(&report.subjects, &finding.location, &report.sources);
    let related = match &finding.location {
        Location::Path(_) => &[],
        Location::Span { related, .. } => related.as_slice(),
    };
    let related = related.iter().map(|label| {
        let place = ReportLocation::of_label(label, &report.sources);
        let mut value = place.as_ref().map_or_else(|| json!({}), location);
        value["text"] = label.text.as_str().into();
        value
    });
    json!({
        "rule": {
            "id": finding.rule.id(),
            "name": finding.rule.name(),
            "reason": finding.rule.why(),
        },
        "severity": severity(finding.severity),
        "verdicts": finding.verdicts.map(verdicts),
        "message": finding.message,
        "location": ReportLocation::of(&finding.location, &report.sources).as_ref().map(location),
        "related": related.collect::<Vec<_>>(),
        "help": finding.help,
        "table": subject.map(|(table, _)| table),
        "column": subject.and_then(|(_, column)| column),
    })
}

fn location(place: &ReportLocation) -> Value {
    json!({
        "path": place.path,
        "line": place.range.map(|range| range.line),
        "column": place.range.map(|range| range.column),
        "end_line": place.range.map(|range| range.end_line),
        "end_column": place.range.map(|range| range.end_column),
    })
}

pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// Returns the verdict at each level: `{"source": "ok", "sql": "warn", ..}`.
pub(crate) fn verdicts(verdicts: Verdicts) -> Value {
    let levels = Level::ALL.into_iter().map(|level| {
        let verdict = match verdicts.at(level) {
            Verdict::Ok => "ok",
            Verdict::Warn => "warn",
            Verdict::Break => "break",
        };
        (level.as_str().to_string(), verdict.into())
    });
    Value::Object(levels.collect())
}

/// Returns a rule with its properties. Rules for changes have verdicts, a direction, a fix and
/// an example.
pub(crate) fn rule(rule: AnyRule) -> Value {
    let evolution = match rule {
        AnyRule::Evolution(rule) => Some(rule),
        AnyRule::Definition(_) | AnyRule::Lock(_) => None,
    };
    json!({
        "id": rule.id(),
        "name": rule.name(),
        "reason": rule.why(),
        "severity": severity(rule.severity()),
        "verdicts": evolution.map(|rule| verdicts(rule.verdicts())),
        "direction": evolution.map(|rule| rule.direction().as_str()),
        "fix": evolution.map(|rule| rule.fix()),
        "example": evolution.map(|rule| {
            let fixture = rule.fixture();
            json!({
                "before": fixture.before,
                "after": fixture.after,
                "report": fixture.report,
            })
        }),
    })
}
