// SPDX-License-Identifier: Apache-2.0

//! The ids of nested fields: their allocation, and the texts of types without them, which SQL uses.

use crate::raw::Syntax;
use crate::shared::Shared;
use crate::type_text::{FieldNode, TypeKind, TypeNode, parse};
use crate::types::{ColumnType, MapFields, NestedField};

/// Returns a type whose nested fields have ids: each has that of the field with the same path and
/// name in `old`, the previous type of the column, or a fresh one.
pub fn with_allocated_ids(
    ty: &ColumnType,
    old: Option<&ColumnType>,
    fresh: &mut dyn FnMut() -> i32,
) -> ColumnType {
    let mut field = |field: &NestedField| {
        // A field keeps its id if a type of the same kind had a field of the same name.
        let old = old.filter(|old| old.keyword() == ty.keyword());
        let old_fields = old.map(ColumnType::children).unwrap_or_default();
        let old = old_fields.into_iter().find(|old| old.name == field.name);
        NestedField {
            id: old.map_or_else(&mut *fresh, |old| old.id),
            name: field.name.clone(),
            ty: with_allocated_ids(&field.ty, old.map(|old| &old.ty), fresh),
            nullable: field.nullable,
        }
    };
    match ty {
        ColumnType::List(element) => ColumnType::List(Shared::Counted(field(element).into())),
        ColumnType::Struct(fields) => {
            let fields: Vec<NestedField> = fields.iter().map(field).collect();
            ColumnType::Struct(fields.into())
        }
        ColumnType::Map(fields) => {
            let (key, value) = (field(&fields.key), field(&fields.value));
            ColumnType::Map(Shared::Counted(MapFields { key, value }.into()))
        }
        ty => ty.clone(),
    }
}

/// Returns the text of a type with an id for each nested field that has none. Returns the text
/// unchanged if it is not a type.
pub(crate) fn with_placeholder_ids(text: &str) -> String {
    let Ok(node) = parse(text, Syntax::Sql) else {
        return text.to_string();
    };
    let mut positions = Vec::new();
    collect(&node, &mut positions);
    positions.sort_unstable();
    let mut out = String::new();
    let mut copied = 0;
    for (id, at) in (1..).zip(positions) {
        out.push_str(text.get(copied..at).unwrap_or_default());
        out.push_str(&format!("#{id} "));
        copied = at;
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    out
}

/// Collects the positions at which nested fields lack an id.
fn collect(node: &TypeNode, positions: &mut Vec<usize>) {
    let fields: Vec<&FieldNode> = match &node.kind {
        TypeKind::List(element) => vec![element],
        TypeKind::Struct(fields) => fields.iter().collect(),
        TypeKind::Map(entry) => vec![&entry.0, &entry.1],
        _ => return,
    };
    for field in fields {
        if field.id.is_none() {
            let name = &field.name.range;
            positions.push(match name.is_empty() {
                true => field.ty.range.start,
                false => name.start,
            });
        }
        collect(&field.ty, positions);
    }
}

/// Returns the canonical text of a type without the ids of its nested fields.
pub(crate) fn type_without_ids(ty: &ColumnType) -> String {
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

    fn allocated(text: &str, old: Option<&ColumnType>, next: i32) -> String {
        let mut next = next..;
        let ty = ty(&with_placeholder_ids(text));
        with_allocated_ids(&ty, old, &mut || next.next().unwrap_or_default()).to_string()
    }

    #[test]
    fn nested_fields_get_ids_in_their_order() {
        let text = "struct<a: int, b_c: list<map<text, int null>> null>";
        let with_ids = allocated(text, None, 5);
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
        assert_eq!(
            allocated(text, Some(&old), 9),
            "struct<#6 b: list<#7 text null>, #9 c: int, #5 a: bigint>"
        );
        // A field of another kind of type is another field.
        assert_eq!(allocated("list<int>", Some(&old), 9), "list<#9 int>");
    }

    #[test]
    fn text_that_is_no_type_is_unchanged() {
        assert_eq!(with_placeholder_ids("list<"), "list<");
        assert!(!has_type_ids("enum('#', 'b#5 c')"));
        let labels = ty("enum('#1 a', 'it''s #2 b')");
        assert_eq!(type_without_ids(&labels), labels.to_string());
    }
}
