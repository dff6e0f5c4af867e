/// What a text of GraphQL consists of, be it a query or a schema.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    Name(String),
    Text(String),
    Number(f64),
    /// `...` is one, too.
    Sign(char),
}

pub fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            ' ' | '\n' | '\r' | '\t' | ',' | '\u{feff}' => {}
            '#' => while rest.next_if(|one| *one != '\n').is_some() {},
            '{' | '}' | '(' | ')' | '[' | ']' | ':' | '!' | '=' | '$' | '@' | '|' | '&' | '.' => {
                tokens.push(Token::Sign(next));
            }
            '"' => {
                let mut text = String::new();
                loop {
                    match rest.next() {
                        Some('"') => break,
                        Some('\\') => match rest.next() {
                            Some('n') => text.push('\n'),
                            Some('t') => text.push('\t'),
                            Some(one @ ('"' | '\\' | '/')) => text.push(one),
                            _ => return Err("Syntax Error: Invalid character escape sequence.".to_owned()),
                        },
                        Some('\n') | None => return Err("Syntax Error: Unterminated string.".to_owned()),
                        Some(one) => text.push(one),
                    }
                }
                tokens.push(Token::Text(text));
            }
            one if one == '_' || one.is_ascii_alphabetic() => {
                let mut name = one.to_string();
                while let Some(one) = rest.next_if(|one| *one == '_' || one.is_ascii_alphanumeric()) {
                    name.push(one);
                }
                tokens.push(Token::Name(name));
            }
            one if one == '-' || one.is_ascii_digit() => {
                let mut number = one.to_string();
                while let Some(one) =
                    rest.next_if(|one| one.is_ascii_digit() || matches!(one, '.' | 'e' | 'E' | '-' | '+'))
                {
                    number.push(one);
                }
                let parsed =
                    number.parse().map_err(|_| format!("Syntax Error: Invalid number, {number:?}."))?;
                tokens.push(Token::Number(parsed));
            }
            one => return Err(format!("Syntax Error: Unexpected character: {one:?}.")),
        }
    }
    Ok(tokens)
}
