// SPDX-License-Identifier: Apache-2.0

//! "Did you mean": the known word that is most similar to an unknown one.

use crate::limits;

/// Returns the word of `known` that is most similar to `word`, or `None` if no word is similar
/// enough to be the intended one.
///
/// Upper and lower case are equal. The maximum edit distance is 1 for words of up to two
/// characters, 2 for words of up to eight, and 3 for longer words. The first of several equally
/// similar words is returned.
#[doc(hidden)]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A comparison takes time in proportion to both lengths, and no valid name is longer.
    if word.len() > limits::LABEL_BYTES {
        return None;
    }
    let lower = word.to_lowercase();
    let max_distance = match lower.chars().count() {
        0..=2 => 1,
        3..=8 => 2,
        _ => 3,
    };
    known
        .into_iter()
        .map(|candidate| {
            let distance = strsim::osa_distance(&lower, &candidate.to_lowercase());
            (distance, candidate)
        })
        // A distance of the whole length means that no character is in common.
        .filter(|(distance, candidate)| {
            *distance <= max_distance && *distance < candidate.chars().count().max(1)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn similar_words_are_found_and_others_are_not() {
        let keys = ["id", "type", "nullable", "default"];
        assert_eq!(nearest("nulable", keys), Some("nullable"));
        assert_eq!(nearest("tpye", keys), Some("type"));
        assert_eq!(nearest("Type", keys), Some("type"));
        assert_eq!(nearest("index", keys), None);
        assert_eq!(nearest("xy", keys), None);
        assert_eq!(nearest("", keys), None);
    }

    #[test]
    fn first_of_equally_similar_words_is_returned() {
        assert_eq!(nearest("cat", ["bat", "hat"]), Some("bat"));
        assert_eq!(nearest("cat", ["hat", "bat"]), Some("hat"));
    }

    #[test]
    fn case_of_other_alphabets_is_ignored() {
        assert_eq!(nearest("GRÖẞE", ["größe"]), Some("größe"));
    }
}
