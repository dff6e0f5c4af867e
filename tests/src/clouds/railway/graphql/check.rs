//! What makes a document invalid, in the words that servers of GraphQL have for it.

use super::document::{Document, Field, Input, Kind, TypeOf};
use super::types::Types;

/// The first fault.
pub fn check(types: &Types, document: &Document) -> Result<(), String> {
    let root = match document.kind {
        Kind::Query => "Query",
        Kind::Mutation => "Mutation",
    };
    let mut used = Vec::new();
    fields(types, document, root, &document.fields, &mut used)?;
    for variable in &document.variables {
        if !used.contains(&variable.name) {
            let of =
                document.name.as_ref().map(|name| format!(" in operation \"{name}\"")).unwrap_or_default();
            return Err(format!("Variable \"${}\" is never used{of}.", variable.name));
        }
    }
    Ok(())
}

fn fields(
    types: &Types,
    document: &Document,
    of: &str,
    selected: &[Field],
    used: &mut Vec<String>,
) -> Result<(), String> {
    for field in selected {
        let name = &field.name;
        if name == "__typename" {
            continue;
        }
        let member = types
            .member(of, name)
            .ok_or_else(|| format!("Cannot query field \"{name}\" on type \"{of}\"."))?;
        for (argument, input) in &field.arguments {
            let wanted = member.arguments.iter().find(|(known, _)| known == argument);
            let (_, wanted) =
                wanted.ok_or_else(|| format!("Unknown argument \"{argument}\" on field \"{of}.{name}\"."))?;
            fits(types, document, input, wanted, used)?;
        }
        for (argument, wanted) in &member.arguments {
            let is_given = field.arguments.iter().any(|(known, _)| known == argument);
            if matches!(wanted, TypeOf::NonNull(_)) && !is_given {
                return Err(format!(
                    "Field \"{name}\" argument \"{argument}\" of type \"{wanted}\" is required, but it was not provided."
                ));
            }
        }
        let (kind, is_object) = (&member.kind, types.is_object(member.kind.name()));
        if is_object && field.fields.is_empty() {
            return Err(format!(
                "Field \"{name}\" of type \"{kind}\" must have a selection of subfields. Did you mean \"{name} {{ ... }}\"?"
            ));
        }
        if !is_object && !field.fields.is_empty() {
            return Err(format!(
                "Field \"{name}\" must not have a selection since type \"{kind}\" has no subfields."
            ));
        }
        fields(types, document, kind.name(), &field.fields, used)?;
    }
    Ok(())
}

/// Whether what is given in a document may stand where this type is wanted.
fn fits(
    types: &Types,
    document: &Document,
    input: &Input,
    wanted: &TypeOf,
    used: &mut Vec<String>,
) -> Result<(), String> {
    let wrong = |said: String| Err(format!("{wanted} cannot represent value: {said}"));
    match (input, wanted) {
        (Input::Variable(name), _) => {
            let variable = document.variables.iter().find(|variable| variable.name == *name);
            let variable = variable.ok_or_else(|| format!("Variable \"${name}\" is not defined."))?;
            used.push(name.clone());
            if is_within(&variable.kind, wanted)
                || (variable.default.is_some() && is_within(&non_null(&variable.kind), wanted))
            {
                return Ok(());
            }
            Err(format!(
                "Variable \"${name}\" of type \"{}\" used in position expecting type \"{wanted}\".",
                variable.kind
            ))
        }
        (Input::Null, TypeOf::NonNull(_)) => Err(format!("Expected value of type \"{wanted}\", found null.")),
        (Input::Null, _) => Ok(()),
        (_, TypeOf::NonNull(wanted)) => fits(types, document, input, wanted, used),
        (Input::List(items), TypeOf::List(wanted)) => {
            items.iter().try_for_each(|item| fits(types, document, item, wanted, used))
        }
        (_, TypeOf::List(wanted)) => fits(types, document, input, wanted, used),
        (Input::Object(given), TypeOf::Named(name)) => {
            let Some(members) = types.input(name) else { return wrong("{}".to_owned()) };
            for (field, input) in given {
                let member = members.iter().find(|member| member.name == *field);
                let member =
                    member.ok_or_else(|| format!("Field \"{field}\" is not defined by type \"{name}\"."))?;
                fits(types, document, input, &member.kind, used)?;
            }
            let lacks = members.iter().find(|member| {
                matches!(member.kind, TypeOf::NonNull(_))
                    && !given.iter().any(|(known, _)| *known == member.name)
            });
            match lacks {
                Some(member) => Err(format!(
                    "Field \"{name}.{}\" of required type \"{}\" was not provided.",
                    member.name, member.kind
                )),
                None => Ok(()),
            }
        }
        (Input::Text(_), TypeOf::Named(name)) if matches!(name.as_str(), "String" | "ID" | "DateTime") => {
            Ok(())
        }
        (Input::Boolean(_), TypeOf::Named(name)) if name == "Boolean" => Ok(()),
        (Input::Number(number), TypeOf::Named(name)) if name == "Int" && number.fract() == 0.0 => Ok(()),
        (Input::Enum(value), TypeOf::Named(name))
            if types.values(name).is_some_and(|values| values.contains(value)) =>
        {
            Ok(())
        }
        (Input::Enum(value), _) => wrong(value.clone()),
        (other, _) => wrong(format!("{other:?}")),
    }
}

fn non_null(kind: &TypeOf) -> TypeOf {
    match kind {
        TypeOf::NonNull(_) => kind.clone(),
        other => TypeOf::NonNull(Box::new(other.clone())),
    }
}

/// A type that promises more may stand where less is wanted.
fn is_within(given: &TypeOf, wanted: &TypeOf) -> bool {
    match (given, wanted) {
        (TypeOf::NonNull(given), TypeOf::NonNull(wanted)) | (TypeOf::List(given), TypeOf::List(wanted)) => {
            is_within(given, wanted)
        }
        (TypeOf::NonNull(given), wanted) => is_within(given, wanted),
        (given, wanted) => given == wanted,
    }
}
