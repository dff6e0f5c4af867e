use super::tokens::{Token, tokens};

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Document {
    pub kind: Kind,
    pub name: Option<String>,
    pub variables: Vec<Variable>,
    pub fields: Vec<Field>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Query,
    Mutation,
}

#[derive(Debug, Clone)]
pub struct Variable {
    pub name: String,
    pub kind: TypeOf,
    pub default: Option<Input>,
}

#[derive(Debug, Clone)]
pub struct Field {
    /// What it is called in the answer.
    pub key: String,
    pub name: String,
    pub arguments: Vec<(String, Input)>,
    pub fields: Vec<Self>,
}

/// `[String!]!`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypeOf {
    Named(String),
    List(Box<Self>),
    NonNull(Box<Self>),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    Variable(String),
    Null,
    Boolean(bool),
    Number(f64),
    Text(String),
    Enum(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl std::fmt::Display for TypeOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::List(item) => write!(f, "[{item}]"),
            Self::NonNull(item) => write!(f, "{item}!"),
        }
    }
}

impl TypeOf {
    /// Without lists and marks.
    pub fn name(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::List(item) | Self::NonNull(item) => item.name(),
        }
    }
}

impl Document {
    /// One operation.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader::of(text)?;
        let (kind, name, variables) = if reader.is_next('{') {
            (Kind::Query, None, Vec::new())
        } else {
            let kind = match reader.name()?.as_str() {
                "query" => Kind::Query,
                "mutation" => Kind::Mutation,
                other => return Err(format!("Syntax Error: Unexpected Name {other:?}.")),
            };
            let name = matches!(reader.peek(), Some(Token::Name(_))).then(|| reader.name()).transpose()?;
            (kind, name, reader.variables()?)
        };
        let fields = reader.selection()?;
        match reader.peek() {
            None => Ok(Self { kind, name, variables, fields }),
            Some(_) => Err("Must provide operation name if query contains multiple operations.".to_owned()),
        }
    }
}

/// Takes a text apart. The schema is read with it, too.
#[derive(Debug)]
pub struct Reader {
    tokens: Vec<Token>,
    place: usize,
}

impl Reader {
    pub fn of(text: &str) -> Result<Self, String> {
        Ok(Self { tokens: tokens(text)?, place: 0 })
    }

    pub fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.place)
    }

    pub fn is_next(&self, sign: char) -> bool {
        self.peek() == Some(&Token::Sign(sign))
    }

    pub fn take(&mut self, sign: char) -> bool {
        let is_it = self.is_next(sign);
        self.place += usize::from(is_it);
        is_it
    }

    pub fn expect(&mut self, sign: char) -> Result<(), String> {
        if self.take(sign) {
            Ok(())
        } else {
            Err(format!("Syntax Error: Expected {sign:?}, found {}.", self.found()))
        }
    }

    pub fn name(&mut self) -> Result<String, String> {
        let found = self.found();
        match self.peek() {
            Some(Token::Name(name)) => {
                let name = name.clone();
                self.place += 1;
                Ok(name)
            }
            _ => Err(format!("Syntax Error: Expected Name, found {found}.")),
        }
    }

    fn found(&self) -> String {
        match self.peek() {
            None => "<EOF>".to_owned(),
            Some(Token::Name(name)) => format!("Name {name:?}"),
            Some(Token::Text(text)) => format!("String {text:?}"),
            Some(Token::Number(number)) => format!("Int \"{number}\""),
            Some(Token::Sign(sign)) => format!("{sign:?}"),
        }
    }

    pub fn type_of(&mut self) -> Result<TypeOf, String> {
        let plain = if self.take('[') {
            let item = self.type_of()?;
            self.expect(']')?;
            TypeOf::List(Box::new(item))
        } else {
            TypeOf::Named(self.name()?)
        };
        Ok(if self.take('!') { TypeOf::NonNull(Box::new(plain)) } else { plain })
    }

    fn variables(&mut self) -> Result<Vec<Variable>, String> {
        let mut variables = Vec::new();
        if !self.take('(') {
            return Ok(variables);
        }
        while !self.take(')') {
            self.expect('$')?;
            let name = self.name()?;
            self.expect(':')?;
            let kind = self.type_of()?;
            let default = self.take('=').then(|| self.input()).transpose()?;
            variables.push(Variable { name, kind, default });
        }
        Ok(variables)
    }

    fn selection(&mut self) -> Result<Vec<Field>, String> {
        self.expect('{')?;
        let mut fields = Vec::new();
        while !self.take('}') {
            let first = self.name()?;
            let (key, name) = if self.take(':') { (first, self.name()?) } else { (first.clone(), first) };
            let mut arguments = Vec::new();
            if self.take('(') {
                while !self.take(')') {
                    let argument = self.name()?;
                    self.expect(':')?;
                    arguments.push((argument, self.input()?));
                }
            }
            let nested = if self.is_next('{') { self.selection()? } else { Vec::new() };
            fields.push(Field { key, name, arguments, fields: nested });
        }
        if fields.is_empty() {
            Err("Syntax Error: Expected Name, found \"}\".".to_owned())
        } else {
            Ok(fields)
        }
    }

    fn input(&mut self) -> Result<Input, String> {
        let found = self.found();
        let Some(next) = self.tokens.get(self.place).cloned() else {
            return Err(format!("Syntax Error: Unexpected {found}."));
        };
        self.place += 1;
        Ok(match next {
            Token::Sign('$') => Input::Variable(self.name()?),
            Token::Text(text) => Input::Text(text),
            Token::Number(number) => Input::Number(number),
            Token::Name(name) => match name.as_str() {
                "true" => Input::Boolean(true),
                "false" => Input::Boolean(false),
                "null" => Input::Null,
                _ => Input::Enum(name),
            },
            Token::Sign('[') => {
                let mut items = Vec::new();
                while !self.take(']') {
                    items.push(self.input()?);
                }
                Input::List(items)
            }
            Token::Sign('{') => {
                let mut fields = Vec::new();
                while !self.take('}') {
                    let name = self.name()?;
                    self.expect(':')?;
                    fields.push((name, self.input()?));
                }
                Input::Object(fields)
            }
            Token::Sign(_) => return Err(format!("Syntax Error: Unexpected {found}.")),
        })
    }
}
