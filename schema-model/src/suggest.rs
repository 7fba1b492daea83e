// SPDX-License-Identifier: Apache-2.0

//! "did you mean": the known word that is nearest to one that is not known.

/// The nearest of `known`, if it is near enough to be what was meant.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Comparing takes time in proportion to both lengths, and no name is longer.
    if word.len() > crate::limits::NAME_BYTES {
        return None;
    }
    let lower = word.to_ascii_lowercase();
    let allowed = match lower.chars().count() {
        0..=2 => 1,
        3..=8 => 2,
        _ => 3,
    };
    known
        .into_iter()
        .map(|candidate| {
            let distance = strsim::osa_distance(&lower, &candidate.to_ascii_lowercase());
            (distance, candidate)
        })
        // A word of which nothing is left is another word.
        .filter(|(distance, candidate)| {
            *distance <= allowed && *distance < candidate.chars().count().max(1)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let keys = ["id", "type", "nullable", "default"];
        assert_eq!(nearest("nulable", keys), Some("nullable"));
        assert_eq!(nearest("tpye", keys), Some("type"));
        assert_eq!(nearest("Type", keys), Some("type"));
        assert_eq!(nearest("index", keys), None);
        assert_eq!(nearest("xy", keys), None);
        assert_eq!(nearest("", keys), None);
    }
}
