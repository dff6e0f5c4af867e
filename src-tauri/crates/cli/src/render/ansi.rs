/// Text without its terminal sequences: for pipes and for those who want no colour.
pub fn strip(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        if character != '\x1b' {
            plain.push(character);
            continue;
        }
        match rest.next() {
            // CSI: parameters, then one byte from @ to ~.
            Some('[') => {
                rest.by_ref().find(|character| ('@'..='~').contains(character));
            }
            // OSC: up to BEL or ESC \.
            Some(']') => {
                let end = rest.by_ref().find(|character| matches!(character, '\x07' | '\x1b'));
                if end == Some('\x1b') {
                    rest.next();
                }
            }
            _ => {}
        }
    }
    plain
}
