/// Goes through the text once, and knows where it is.
pub(super) struct Scan<'t> {
    rest: &'t str,
    line: u32,
    column: u32,
}

pub(super) struct Fault {
    pub message: &'static str,
    pub line: u32,
    pub column: u32,
}

impl<'t> Scan<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { rest: text.strip_prefix('\u{feff}').unwrap_or(text), line: 1, column: 1 }
    }

    /// Goes past empty lines and comments. False at the end of the text.
    pub fn skip_to_entry(&mut self) -> bool {
        loop {
            self.take_while(char::is_whitespace);
            match self.rest.chars().next() {
                None => return false,
                Some('#') => self.skip_line(),
                Some(_) => return true,
            }
        }
    }

    pub fn skip_line(&mut self) {
        self.take_while(|character| character != '\n');
    }

    /// One `KEY=VALUE`, up to the end of its line.
    pub fn entry(&mut self) -> Result<(String, String), Fault> {
        if let Some(after) = self.rest.strip_prefix("export")
            && after.starts_with([' ', '\t'])
        {
            self.take_while(|character| !is_blank(character));
            self.take_while(is_blank);
        }
        let start = self.fault("this line has no name before a `=`");
        let key = self.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
        if key.is_empty() || key.starts_with(|first: char| first.is_ascii_digit() || first == '-') {
            return Err(start);
        }
        self.take_while(is_blank);
        if self.next() != Some('=') {
            return Err(start);
        }
        self.take_while(is_blank);
        let value = match self.rest.chars().next() {
            Some(quote @ ('"' | '\'')) => self.quoted(quote)?,
            _ => self.bare(),
        };
        if value.contains('\0') {
            return Err(self.fault("a value can't hold a NUL character"));
        }
        Ok((key.to_owned(), value))
    }

    fn bare(&mut self) -> String {
        let line = self.take_while(|character| character != '\n');
        let comment = line.char_indices().find(|(at, character)| {
            *character == '#' && line[..*at].chars().next_back().is_none_or(char::is_whitespace)
        });
        comment.map_or(line, |(at, _)| &line[..at]).trim_end().to_owned()
    }

    fn quoted(&mut self, quote: char) -> Result<String, Fault> {
        let unclosed = self.fault("this quote is not closed");
        self.next();
        let mut value = String::new();
        loop {
            match self.next() {
                None => return Err(unclosed),
                Some(character) if character == quote => break,
                Some('\\') if quote == '"' => match self.next() {
                    Some('n') => value.push('\n'),
                    Some('r') => value.push('\r'),
                    Some('t') => value.push('\t'),
                    Some(character @ ('"' | '\\' | '$')) => value.push(character),
                    Some(other) => value.extend(['\\', other]),
                    None => return Err(unclosed),
                },
                Some(character) => value.push(character),
            }
        }
        self.take_while(is_blank);
        match self.rest.chars().next() {
            None | Some('\n' | '\r' | '#') => {
                self.skip_line();
                Ok(value)
            }
            Some(_) => Err(self.fault("something stands here after the closing quote")),
        }
    }

    fn fault(&self, message: &'static str) -> Fault {
        Fault { message, line: self.line, column: self.column }
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'t str {
        let before = self.rest;
        while self.rest.chars().next().is_some_and(&wanted) {
            self.next();
        }
        &before[..before.len() - self.rest.len()]
    }

    fn next(&mut self) -> Option<char> {
        let character = self.rest.chars().next()?;
        self.rest = &self.rest[character.len_utf8()..];
        if character == '\n' {
            self.line += 1;
            self.column = 1;
        } else {
            self.column += 1;
        }
        Some(character)
    }
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t')
}
