//! The lists in ARCHITECTURE.md: fenced blocks of lines `name → name, name`, from the top down.

use std::collections::BTreeSet;

/// Who may use whom.
#[derive(Debug, PartialEq, Eq)]
pub struct Arrows(Vec<(String, BTreeSet<String>)>);

impl Arrows {
    /// Reads the block that begins with ```` ```BLOCK ````.
    pub fn read(page: &str, block: &str) -> Self {
        let (_, rest) =
            page.split_once(&format!("```{block}\n")).unwrap_or_else(|| panic!("no block {block}"));
        let (lines, _) = rest.split_once("```").unwrap();
        let entry = |line: &str| {
            let (name, targets) = line.split_once('→').unwrap_or_else(|| panic!("no arrow in {line:?}"));
            let targets = targets.split(',').map(|target| target.trim().to_owned());
            (name.trim().to_owned(), targets.filter(|target| target != "nothing").collect())
        };
        Self(lines.lines().filter(|line| !line.trim().is_empty()).map(entry).collect())
    }

    pub fn names(&self) -> BTreeSet<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).collect()
    }

    pub fn has(&self, from: &str, to: &str) -> bool {
        self.0.iter().any(|(name, targets)| name == from && targets.contains(to))
    }

    /// Every arrow, from the top down.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .flat_map(|(name, targets)| targets.iter().map(|target| (name.as_str(), target.as_str())))
    }

    /// The arrows that don't lead down the list; where there is none there is no cycle either.
    pub fn upward(&self) -> Vec<String> {
        let below = |place: usize, target: &str| self.0[place + 1..].iter().any(|(name, _)| name == target);
        self.0
            .iter()
            .enumerate()
            .flat_map(|(place, (name, targets))| targets.iter().map(move |target| (place, name, target)))
            .filter(|(place, _, target)| !below(*place, target))
            .map(|(_, name, target)| format!("{name} → {target}"))
            .collect()
    }
}

#[test]
fn a_list_is_read_from_its_block_alone() {
    let page = "x → y\n```one\na → b, c\nb → c\nc → nothing\n```\n```two\nd → e\n```\n";
    let arrows = Arrows::read(page, "one");
    assert_eq!(arrows.names(), BTreeSet::from(["a", "b", "c"]));
    assert!(arrows.has("a", "c") && arrows.has("b", "c") && !arrows.has("c", "a") && !arrows.has("d", "e"));
    assert_eq!(arrows.upward(), Vec::<String>::new());
}

#[test]
fn an_arrow_that_leads_up_or_nowhere_is_named() {
    let arrows = Arrows::read("```a\na → b\nb → a, b, ghost\n```", "a");
    assert_eq!(arrows.upward(), ["b → a", "b → b", "b → ghost"]);
}
