use super::{Format, Node, Position, Value, read};

/// Every key and leaf with its place.
fn places(text: &str, format: Format) -> Vec<String> {
    fn walk(node: &Node, found: &mut Vec<String>) {
        match &node.value {
            Value::Map(entries) => {
                for (key, value) in entries {
                    let Position { line, column } = key.at;
                    found.push(format!("{line}:{column} {}:", key.text));
                    walk(value, found);
                }
            }
            Value::List(items) => items.iter().for_each(|item| walk(item, found)),
            _ => found.push(format!("{}:{} {}", node.at.line, node.at.column, node.shown())),
        }
    }
    let (tree, faults) = read(text, format);
    assert!(faults.is_empty(), "{faults:?}");
    let mut found = Vec::new();
    walk(&tree.unwrap(), &mut found);
    found
}

#[test]
fn yaml_knows_its_places_in_characters() {
    assert_eq!(
        places("é: {b: 1.10, 'c': [\"x\", yes, 007]}\r\nd:\n  - |\n    text\n  - ~\n", Format::Yaml),
        [
            "1:1 é:",
            "1:5 b:",
            "1:8 `1.10`",
            "1:14 c:",
            "1:20 `x`",
            "1:25 `yes`",
            "1:30 `007`",
            "2:1 d:",
            "4:5 `text…`",
            "5:5 nothing"
        ]
    );
}

#[test]
fn an_alias_stands_where_it_is_used() {
    assert_eq!(places("a: &x 1.0\nb: *x\n", Format::Yaml), ["1:1 a:", "1:7 `1.0`", "2:1 b:", "2:4 `1.0`"]);
}

#[test]
fn json_knows_its_places_in_characters() {
    assert_eq!(
        places("\u{feff}{\"é\": {\"b\": 1.10},\n  \"d\": [true, \"x\\n\", null]}", Format::Json),
        ["1:2 é:", "1:8 b:", "1:13 `1.10`", "2:3 d:", "2:9 `true`", "2:15 `x…`", "2:22 nothing"]
    );
}

#[test]
fn toml_knows_its_places_in_characters() {
    assert_eq!(
        places("\"é\".b = 1.10\n[d]\ne = ['x', 0x10, 1979-05-27]\n", Format::Toml),
        ["1:1 é:", "1:5 b:", "1:9 `1.10`", "2:2 d:", "3:1 e:", "3:6 `x`", "3:11 `16`", "3:17 `1979-05-27`"]
    );
}
