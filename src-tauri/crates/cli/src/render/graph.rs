//! The dependency graph as layers: in the first what depends on nothing, in each next one what can begin when those
//! before it are up. Each service stands on one line, however many depend on it, so that thirty still read well.

use std::collections::BTreeMap;

use kinfra_rpc::{Condition, Health, NodeState, Phase};
use serde::Serialize;

use super::palette::{Colour, Palette};
use super::state::{mark, words};
use super::table::{Cell, table};

/// A node with its place in the graph, as `kinfra graph --json` shows it.
#[derive(Debug, Serialize)]
pub struct GraphNode<'a> {
    name: &'a str,
    /// From 1.
    layer: usize,
    phase: Phase,
    health: Health,
    detail: &'a str,
    depends_on: Vec<Edge<'a>>,
    #[serde(skip)]
    node: &'a NodeState,
}

#[derive(Debug, Serialize)]
struct Edge<'a> {
    name: &'a str,
    condition: Condition,
    /// It is what keeps the node from starting now.
    waited_for: bool,
}

/// By layer, and within one in the order of the configuration. A dependency that is not among the nodes counts for
/// nothing.
pub fn layers<'a>(nodes: impl Iterator<Item = &'a NodeState>) -> Vec<GraphNode<'a>> {
    let nodes: Vec<&NodeState> = nodes.collect();
    let mut layers: BTreeMap<&str, usize> = nodes.iter().map(|node| (&*node.name, 1)).collect();
    // The longest way has as many steps as there are nodes; in a circle, which no configuration has, it stops there.
    for _ in 0..nodes.len() {
        for node in &nodes {
            let below = node.depends_on.iter().filter_map(|name| layers.get(&**name)).max();
            layers.insert(&node.name, below.map_or(1, |below| below + 1));
        }
    }
    let mut placed: Vec<GraphNode<'a>> = nodes.iter().map(|node| place(node, layers[&*node.name])).collect();
    placed.sort_by_key(|node| node.layer);
    placed
}

fn place(node: &NodeState, layer: usize) -> GraphNode<'_> {
    GraphNode {
        name: &node.name,
        layer,
        phase: node.phase,
        health: node.health,
        detail: &node.detail,
        depends_on: node
            .depends_on
            .iter()
            .map(|name| Edge {
                name,
                condition: node.condition(name),
                waited_for: node.waits_for.contains(name),
            })
            .collect(),
        node,
    }
}

/// The answer to `kinfra graph`. `now` is in milliseconds since 1970.
pub fn graph(nodes: &[GraphNode<'_>], now: u64, palette: Palette) -> String {
    const LONGEST_STATE: usize = 44;
    let mut rows = vec![vec![
        Cell::new(" "),
        Cell::new(" "),
        Cell::heading("SERVICE"),
        Cell::heading("STATE"),
        Cell::heading("AFTER"),
    ]];
    let mut layer = 0;
    for node in nodes {
        let mark = mark(node.node);
        let number = if node.layer == layer { String::new() } else { node.layer.to_string() };
        layer = node.layer;
        let waits = node.depends_on.iter().any(|edge| edge.waited_for);
        let after: Vec<String> = node.depends_on.iter().map(after).collect();
        rows.push(vec![
            Cell::painted(number, Colour::Grey),
            Cell::painted(mark.shape, mark.colour),
            Cell::new(node.name),
            Cell::painted(words(node.node, now, LONGEST_STATE), mark.colour),
            match waits {
                true => Cell::painted(after.join(", "), mark.colour),
                false => Cell::new(after.join(", ")),
            },
        ]);
    }
    table(&rows, palette)
}

/// A dependency by name, with what is awaited of it where that isn't its health.
fn after(edge: &Edge<'_>) -> String {
    match condition_word(edge.condition) {
        Some(word) => format!("{} ({word})", edge.name),
        None => edge.name.to_owned(),
    }
}

const fn condition_word(condition: Condition) -> Option<&'static str> {
    match condition {
        Condition::Healthy => None,
        Condition::Started => Some("started"),
        Condition::Completed => Some("completed"),
    }
}

/// The graph for Graphviz: an arrow leads from what depends to what it depends on.
pub fn dot(project: &str, nodes: &[GraphNode<'_>]) -> String {
    let mut text = format!(
        "digraph {} {{\n  rankdir=RL\n  node [shape=box, style=rounded, fontname=\"sans-serif\"]\n",
        quoted(project)
    );
    for node in nodes {
        let colour = match mark(node.node).colour {
            Colour::Green => "#1a7f37",
            Colour::Yellow => "#9a6700",
            Colour::Orange => "#bc4c00",
            Colour::Red => "#cf222e",
            Colour::Grey | Colour::Bold | Colour::Service(_) => "#6e7781",
        };
        text.push_str(&format!("  {} [color={}]\n", quoted(node.name), quoted(colour)));
    }
    for node in nodes {
        for edge in &node.depends_on {
            let label = condition_word(edge.condition)
                .map_or_else(String::new, |word| format!(" [label={}]", quoted(word)));
            text.push_str(&format!("  {} -> {}{label}\n", quoted(node.name), quoted(edge.name)));
        }
    }
    text.push_str("}\n");
    text
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
