use kinfra_rpc::{InspectedItem, Inspection, OfferedAction, SignIn, Tone};

use super::palette::{Colour, Palette};
use super::table::{Cell, table};

/// The answer to `kinfra resource`: what it is at its vendor, and how what can be done is asked for.
pub fn inspection(name: &str, inspection: &Inspection, palette: Palette) -> String {
    let Inspection { vendor, sign_in, facts, lists, actions } = inspection;
    let mut text = format!("{}\n", palette.paint(Colour::Bold, &format!("{name} at {vendor}")));
    let mut rows = vec![fact("signed in as", &sign_in.who)];
    rows.extend(facts.iter().map(|known| fact(&known.name.to_lowercase(), &known.value)));
    text.push_str(&table(&rows, palette));
    text.push_str(&lacking(sign_in, palette));
    for list in lists {
        text.push_str(&format!("\n{}\n", palette.paint(Colour::Bold, &list.title)));
        if let Some(problem) = &list.problem {
            text.push_str(&format!("  not known: {problem}\n"));
        }
        text.push_str(&table(&list.items.iter().map(item).collect::<Vec<_>>(), palette));
    }
    let mut known: Vec<&OfferedAction> = vec![];
    let items = lists.iter().flat_map(|list| &list.items).flat_map(|item| &item.actions);
    for action in actions.iter().chain(items) {
        if !known.iter().any(|known| known.action == action.action) {
            known.push(action);
        }
    }
    if !known.is_empty() {
        text.push_str(&format!("\n{}\n", palette.paint(Colour::Bold, "Actions")));
        let command = |action: &&OfferedAction| {
            let with = match (&action.target, &action.input) {
                (Some(_), _) => " NAME",
                (None, Some(_)) => " TEXT",
                (None, None) => "",
            };
            let asks =
                action.input.as_deref().or(action.confirm.as_ref().map(|_| "asks before")).unwrap_or("");
            vec![
                Cell::new(" "),
                Cell::new(format!("kinfra resource {name} {}{with}", action.action)),
                Cell::painted(asks, Colour::Grey),
            ]
        };
        text.push_str(&table(&known.iter().map(command).collect::<Vec<_>>(), palette));
    }
    text
}

fn fact(name: &str, value: &str) -> Vec<Cell> {
    vec![Cell::new(" "), Cell::painted(name, Colour::Grey), Cell::new(value)]
}

fn lacking(sign_in: &SignIn, palette: Palette) -> String {
    let missing = sign_in
        .missing
        .iter()
        .map(|missing| format!("{} the token lacks {missing}\n", palette.paint(Colour::Red, "problem:")));
    let unproven =
        sign_in.unproven.iter().map(|unproven| format!("  not known before it is tried: {unproven}\n"));
    missing.chain(unproven).collect()
}

fn item(item: &InspectedItem) -> Vec<Cell> {
    let (shape, colour) = match item.tone {
        Tone::Good => ("●", Colour::Green),
        Tone::Changing => ("◐", Colour::Yellow),
        Tone::Bad => ("✕", Colour::Red),
        Tone::Quiet => ("○", Colour::Grey),
    };
    vec![
        Cell::new(" "),
        Cell::painted(shape, colour),
        Cell::new(&item.name),
        Cell::new(item.state.as_deref().unwrap_or_default()),
        Cell::painted(item.detail.as_deref().unwrap_or_default(), Colour::Grey),
        Cell::new(item.url.as_deref().unwrap_or_default()),
    ]
}
