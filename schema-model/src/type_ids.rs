// SPDX-License-Identifier: Apache-2.0

//! The ids of nested fields in the text of a type: texts without them, for SQL, and their
//! allocation.

use crate::raw::Syntax;
use crate::type_text::{FieldNode, TypeKind, TypeNode, parse};
use crate::types::ColumnType;

/// Returns the text of a type with an id for each nested field: that of the field with the same
/// path and name in `old`, the previous type of the column, or a fresh one. Returns the text
/// unchanged if it is not a type; the checks report the problem.
pub fn with_type_ids(
    text: &str,
    old: Option<&ColumnType>,
    mut fresh: impl FnMut() -> i128,
) -> String {
    let Ok(node) = parse(text, Syntax::Sql) else {
        return text.to_string();
    };
    let mut ids = Vec::new();
    collect(&node, old, &mut fresh, &mut ids);
    ids.sort_unstable();
    let mut out = String::new();
    let mut copied = 0;
    for (at, id) in ids {
        out.push_str(text.get(copied..at).unwrap_or_default());
        out.push_str(&format!("#{id} "));
        copied = at;
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    out
}

fn collect(
    node: &TypeNode,
    old: Option<&ColumnType>,
    fresh: &mut impl FnMut() -> i128,
    ids: &mut Vec<(usize, i128)>,
) {
    let fields: Vec<&FieldNode> = match &node.kind {
        TypeKind::List(element) => vec![element],
        TypeKind::Struct(fields) => fields.iter().collect(),
        TypeKind::Map(entry) => vec![&entry.0, &entry.1],
        _ => return,
    };
    // A field keeps its id if a type of the same kind had a field of the same name.
    let old = old.filter(|old| match &node.kind {
        TypeKind::List(_) => matches!(old, ColumnType::List(_)),
        TypeKind::Struct(_) => matches!(old, ColumnType::Struct(_)),
        _ => matches!(old, ColumnType::Map(_)),
    });
    let old_fields = old.map(ColumnType::children).unwrap_or_default();
    for field in fields {
        let old = old_fields.iter().find(|old| *old.name == *field.name.value);
        if field.id.is_none() {
            let id = old.map_or_else(&mut *fresh, |old| i128::from(old.id));
            let at = if field.name.range.is_empty() {
                field.ty.range.start
            } else {
                field.name.range.start
            };
            ids.push((at, id));
        }
        collect(&field.ty, old.map(|old| &old.ty), fresh, ids);
    }
}

/// Returns the canonical text of a type without the ids of its nested fields.
pub fn type_without_ids(ty: &ColumnType) -> String {
    let text = ty.to_string();
    let mut out = String::new();
    for (index, part) in text.split('\'').enumerate() {
        if index > 0 {
            out.push('\'');
        }
        // Odd parts are in quotes: labels, zones and names.
        if index % 2 == 1 {
            out.push_str(part);
            continue;
        }
        let mut pieces = part.split('#');
        out.push_str(pieces.next().unwrap_or_default());
        for piece in pieces {
            let after = piece.trim_start_matches(|c: char| c.is_ascii_digit());
            out.push_str(after.strip_prefix(' ').unwrap_or(after));
        }
    }
    out
}

/// Returns whether the text of a type contains the id of a nested field.
pub fn has_type_ids(text: &str) -> bool {
    let outside_quotes = text.split('\'').step_by(2);
    outside_quotes.into_iter().any(|part| part.contains('#'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::check_type;
    use crate::source::{SourceFile, Sources};

    fn ty(text: &str) -> ColumnType {
        let mut sources = Sources::new();
        let source = sources.push(SourceFile::new("type", text));
        check_type(text, source).unwrap()
    }

    #[test]
    fn nested_fields_get_ids_in_their_order() {
        let mut next = 4;
        let fresh = || {
            next += 1;
            next
        };
        let text = "struct<a: int, b_c: list<map<text, int null>> null>";
        let with_ids = with_type_ids(text, None, fresh);
        assert_eq!(
            with_ids,
            "struct<#5 a: int, #6 b_c: list<#7 map<#8 text, #9 int null>> null>"
        );
        assert_eq!(type_without_ids(&ty(&with_ids)), text);
        assert!(has_type_ids(&with_ids) && !has_type_ids(text));
    }

    #[test]
    fn fields_of_the_same_name_keep_their_ids() {
        let old = ty("struct<#5 a: int, #6 b: list<#7 text>>");
        let text = "struct<b: list<text null>, c: int, a: bigint>";
        let with_ids = with_type_ids(text, Some(&old), || 9);
        assert_eq!(
            with_ids,
            "struct<#6 b: list<#7 text null>, #9 c: int, #5 a: bigint>"
        );
        // A field of another kind of type is another field.
        assert_eq!(with_type_ids("list<int>", Some(&old), || 9), "list<#9 int>");
    }

    #[test]
    fn text_that_is_no_type_is_unchanged() {
        assert_eq!(with_type_ids("list<", None, || 9), "list<");
        assert!(!has_type_ids("enum('#', 'b#5 c')"));
        let labels = ty("enum('#1 a', 'it''s #2 b')");
        assert_eq!(type_without_ids(&labels), labels.to_string());
    }
}
