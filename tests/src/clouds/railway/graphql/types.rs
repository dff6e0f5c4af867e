use std::collections::BTreeMap;

use super::document::{Reader, TypeOf};

/// A schema, as its own language writes it.
#[derive(Debug, Default)]
pub struct Types {
    /// Objects and inputs.
    structs: BTreeMap<String, Vec<Member>>,
    inputs: Vec<String>,
    enums: BTreeMap<String, Vec<String>>,
}

#[derive(Debug)]
pub struct Member {
    pub name: String,
    pub arguments: Vec<(String, TypeOf)>,
    pub kind: TypeOf,
}

impl Types {
    /// # Panics
    /// When the text is wrong: it is a constant of a stand-in.
    pub fn parse(text: &str) -> Self {
        Self::read(text).unwrap_or_else(|error| panic!("{error}"))
    }

    fn read(text: &str) -> Result<Self, String> {
        let mut types = Self::default();
        let mut reader = Reader::of(text)?;
        while reader.peek().is_some() {
            let (keyword, name) = (reader.name()?, reader.name()?);
            if keyword == "scalar" {
                continue;
            }
            reader.expect('{')?;
            if keyword == "enum" {
                let values = types.enums.entry(name).or_default();
                while !reader.take('}') {
                    values.push(reader.name()?);
                }
                continue;
            }
            if keyword == "input" {
                types.inputs.push(name.clone());
            }
            let members = types.structs.entry(name).or_default();
            while !reader.take('}') {
                let (name, mut arguments) = (reader.name()?, Vec::new());
                if reader.take('(') {
                    while !reader.take(')') {
                        let argument = reader.name()?;
                        reader.expect(':')?;
                        arguments.push((argument, reader.type_of()?));
                    }
                }
                reader.expect(':')?;
                members.push(Member { name, arguments, kind: reader.type_of()? });
            }
        }
        Ok(types)
    }

    pub fn member(&self, of: &str, name: &str) -> Option<&Member> {
        self.structs.get(of)?.iter().find(|member| member.name == name)
    }

    /// Of an input object.
    pub fn input(&self, name: &str) -> Option<&[Member]> {
        self.inputs.iter().any(|known| known == name).then(|| self.structs[name].as_slice())
    }

    pub fn values(&self, of: &str) -> Option<&[String]> {
        self.enums.get(of).map(Vec::as_slice)
    }

    /// Whether there is something within to be selected.
    pub fn is_object(&self, name: &str) -> bool {
        self.structs.contains_key(name) && self.input(name).is_none()
    }
}
