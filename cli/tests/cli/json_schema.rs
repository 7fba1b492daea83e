// SPDX-License-Identifier: Apache-2.0

//! Validates JSON against a schema of draft 4, as far as the schema of SARIF uses it. A keyword
//! that is not implemented fails the test, so that no part of a schema is ignored.
//!
//! Crates that validate JSON enable features of `ahash`, with which Arrow would be compiled again.

use std::collections::HashSet;

use serde_json::{Map, Value};

/// Keywords without an effect on validation.
const ANNOTATIONS: [&str; 6] = [
    "$schema",
    "id",
    "title",
    "description",
    "default",
    "definitions",
];

/// Returns the path and the reason of each violation.
pub(crate) fn violations(schema: &Value, value: &Value) -> Vec<String> {
    let mut violations = Vec::new();
    check(schema, schema, value, "$", &mut violations);
    violations
}

fn check(root: &Value, schema: &Value, value: &Value, path: &str, out: &mut Vec<String>) {
    let schema = schema.as_object().expect("a schema is an object");
    for (keyword, argument) in schema {
        let mut fail = |reason: String| out.push(format!("{path}: {keyword}: {reason}"));
        match keyword.as_str() {
            keyword if ANNOTATIONS.contains(&keyword) => {}
            "$ref" => {
                let pointer = argument.as_str().unwrap().strip_prefix('#').unwrap();
                check(root, root.pointer(pointer).unwrap(), value, path, out);
            }
            "type" => {
                let types = match argument {
                    Value::Array(types) => types.clone(),
                    one => vec![one.clone()],
                };
                if !types.iter().any(|ty| has_type(value, ty.as_str().unwrap())) {
                    fail(format!("{value} is not of type {argument}"));
                }
            }
            "enum" => {
                if !argument.as_array().unwrap().contains(value) {
                    fail(format!("{value} is not one of {argument}"));
                }
            }
            "format" => {
                if let Some(text) = value.as_str()
                    && !format(argument.as_str().unwrap(), text)
                {
                    fail(format!("`{text}` is not a {argument}"));
                }
            }
            "pattern" => {
                // The report contains none of the values that have a pattern.
                if value.is_string() {
                    fail("patterns are not implemented".to_string());
                }
            }
            "minimum" | "maximum" => {
                if let (Some(number), Some(limit)) = (value.as_f64(), argument.as_f64())
                    && (number < limit) == (keyword == "minimum")
                    && number != limit
                {
                    fail(format!("{number}"));
                }
            }
            "minItems" => {
                if let Some(items) = value.as_array()
                    && (items.len() as u64) < argument.as_u64().unwrap()
                {
                    fail(format!("{} items", items.len()));
                }
            }
            "uniqueItems" => {
                if let Some(items) = value.as_array() {
                    let unique: HashSet<String> = items.iter().map(Value::to_string).collect();
                    if unique.len() < items.len() {
                        fail("equal items".to_string());
                    }
                }
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, argument, item, &format!("{path}[{index}]"), out);
                }
            }
            "required" => {
                if let Some(object) = value.as_object() {
                    for name in argument.as_array().unwrap() {
                        if !object.contains_key(name.as_str().unwrap()) {
                            fail(format!("{name} is missing"));
                        }
                    }
                }
            }
            "properties" | "additionalProperties" => {}
            "anyOf" | "oneOf" => {
                let schemas = argument.as_array().unwrap().iter();
                let matching = schemas.filter(|schema| {
                    let mut violations = Vec::new();
                    check(root, schema, value, path, &mut violations);
                    violations.is_empty()
                });
                let matching = matching.count();
                if matching == 0 || keyword == "oneOf" && matching > 1 {
                    fail(format!("{matching} schemas match"));
                }
            }
            other => panic!("the keyword `{other}` is not implemented"),
        }
    }
    if let Some(object) = value.as_object() {
        check_properties(root, schema, object, path, out);
    }
}

fn check_properties(
    root: &Value,
    schema: &Map<String, Value>,
    object: &Map<String, Value>,
    path: &str,
    out: &mut Vec<String>,
) {
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, value) in object {
        let path = format!("{path}.{name}");
        let property = properties.and_then(|properties| properties.get(name));
        match (property, schema.get("additionalProperties")) {
            (Some(property), _) => check(root, property, value, &path, out),
            (None, None | Some(Value::Bool(true))) => {}
            (None, Some(Value::Bool(false))) => out.push(format!("{path}: unknown property")),
            (None, Some(additional)) => check(root, additional, value, &path, out),
        }
    }
}

fn has_type(value: &Value, ty: &str) -> bool {
    match ty {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        other => panic!("the type `{other}` is not implemented"),
    }
}

/// Returns whether `text` has only the characters of a URI (RFC 3986), and a scheme if it must.
fn format(name: &str, text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c);
    match name {
        "uri" => text.contains(':') && text.chars().all(allowed),
        "uri-reference" => {
            let first = text.split('/').next().unwrap_or_default();
            let has_scheme = text.contains("://");
            text.chars().all(allowed) && (has_scheme || !first.contains(':'))
        }
        other => panic!("the format `{other}` is not implemented"),
    }
}

#[test]
fn schema_of_sarif_rejects_mistakes() {
    let schema: Value =
        serde_json::from_str(include_str!("../support/sarif-schema-2.1.0.json")).unwrap();
    let invalid = serde_json::json!({
        "version": "2.0.0",
        "runs": [{
            "tool": { "driver": { "rules": [{ "id": 1 }, { "id": 1 }] } },
            "results": [{
                "message": { "text": "x" },
                "level": "fatal",
                "locations": [{ "physicalLocation": {
                    "artifactLocation": { "uri": "a b" },
                    "region": { "startLine": 0, "extra": true },
                }}],
            }],
        }],
    });
    expect_test::expect![[r#"
        $.runs[0].results[0].level: enum: "fatal" is not one of ["none","note","warning","error"]
        $.runs[0].results[0].locations[0].physicalLocation.artifactLocation.uri: format: `a b` is not a "uri-reference"
        $.runs[0].results[0].locations[0].physicalLocation.region.extra: unknown property
        $.runs[0].results[0].locations[0].physicalLocation.region.startLine: minimum: 0
        $.runs[0].tool.driver: required: "name" is missing
        $.runs[0].tool.driver.rules[0].id: type: 1 is not of type "string"
        $.runs[0].tool.driver.rules[1].id: type: 1 is not of type "string"
        $.runs[0].tool.driver.rules: uniqueItems: equal items
        $.version: enum: "2.0.0" is not one of ["2.1.0"]"#]].assert_eq(&violations(&schema, &invalid).join("\n"));
}
