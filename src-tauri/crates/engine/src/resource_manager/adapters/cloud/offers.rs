use std::collections::BTreeMap;

use crate::resource_manager::{Outside, Place};

/// As much as the name of a secret may have.
const LONGEST_NAME: usize = 100;

/// What a resource offers: texts in which its secrets are references.
pub struct Offers<'o> {
    place: &'o Place,
    outside: &'o Outside,
    texts: BTreeMap<String, String>,
}

impl<'o> Offers<'o> {
    pub fn new(place: &'o Place, outside: &'o Outside) -> Self {
        Self { place, outside, texts: BTreeMap::new() }
    }

    /// A value that everybody may see.
    pub fn plain(&mut self, name: &str, value: &str) {
        self.texts.insert(name.to_owned(), value.replace('$', "$$"));
    }

    /// A value that nobody may see: it is kept in memory alone. Answers what stands for it in other texts.
    pub fn secret(&mut self, name: &str, value: String) -> String {
        let reference = format!("${{secret:{}}}", self.keep(name, value));
        self.texts.insert(name.to_owned(), reference.clone());
        reference
    }

    /// A text in which references stand.
    pub fn text(&mut self, name: &str, text: String) {
        self.texts.insert(name.to_owned(), text);
    }

    pub fn into_texts(self) -> BTreeMap<String, String> {
        self.texts
    }

    fn keep(&self, name: &str, value: String) -> String {
        let Place { instance, node, .. } = self.place;
        let whole = format!("{instance}/{node}/{name}");
        // From the right, which tells them apart.
        let from = whole.len().saturating_sub(LONGEST_NAME - 2);
        let held =
            format!("@{}", whole.get(from..).unwrap_or(&whole).trim_start_matches(['/', '-', '.', '_']));
        if let Some(hold) = self.outside.hold.get() {
            hold(&held, value);
        }
        held
    }
}
