use std::path::{Path, PathBuf};

use kinfra_rpc::{ErrorCode, Problem, Protocol};

use super::declared::written;
use super::{Build, Declared, HealthCheck, Port};
use crate::resource_manager::adapters::docker::labels;
use crate::resource_manager::adapters::docker::spec::{Bind, File, Image, Recipe, Spec, Volume};
use crate::resource_manager::{Given, Place};
use crate::schema::tree::Key;
use crate::schema::{Placed, Run};

type Expand<'g> = &'g dyn Fn(&str) -> Result<String, Problem>;

impl Declared {
    /// # Errors
    /// When a text refers to nothing, or no container could be made of it all.
    pub fn resolve(&self, given: &Given<'_>) -> Result<Spec, Problem> {
        let expand = given.expand;
        let place = &given.place;
        let ports = self.published(given)?;
        let optional =
            |text: &Option<Placed<String>>| text.as_ref().map(|text| expand(&text.value)).transpose();
        let volume = |(key, target): (&Key, &Placed<super::Inside>)| {
            let name = labels::volume(place, &key.text);
            Ok(Volume { key: key.text.clone(), name, target: expand(&target.value.0)? })
        };
        let mount = |(key, mount): (&Key, &super::Mount)| {
            let source = plain(&given.folder.join(expand(&key.text)?));
            Ok(Bind { source, target: expand(&mount.target)?, read_only: mount.read_only })
        };
        Ok(Spec {
            settings: labels::settings(&given.fingerprint, &ports),
            image: self.image(place, &given.folder, expand)?,
            ports,
            environment: environment(given)?,
            command: words(self.command.as_ref(), expand)?,
            entrypoint: words(self.entrypoint.as_ref(), expand)?,
            user: optional(&self.user)?,
            workdir: optional(&self.workdir)?,
            hostname: optional(&self.hostname)?.unwrap_or_else(|| place.node.clone()),
            volumes: written(&self.volumes).map(volume).collect::<Result<_, Problem>>()?,
            mounts: written(&self.mounts).map(mount).collect::<Result<_, Problem>>()?,
            files: self.files(expand)?,
            tmpfs: self.tmpfs.iter().map(|folder| expand(&folder.value)).collect::<Result<_, _>>()?,
            memory: self.memory.map(|size| size.0),
            cpus: self.cpus.map(|processors| processors.0),
            shm: self.shm.map(|size| size.0),
            healthcheck: self.healthcheck.0 == HealthCheck::Image,
            hosts: written(&self.hosts)
                .map(|(name, address)| Ok(format!("{}:{}", name.text, expand(&address.value.0)?)))
                .collect::<Result<_, Problem>>()?,
            capabilities: self.capabilities.clone(),
            init: self.init,
            tty: self.tty,
            signal: given.signal,
            grace: given.grace,
        })
    }

    fn image(&self, place: &Place, folder: &Path, expand: Expand<'_>) -> Result<Image, Problem> {
        let invalid = |message: String| Problem::new(ErrorCode::ConfigInvalidValue, message);
        match (&self.image, &self.build) {
            (Some(image), None) => {
                let name = expand(&image.value)?;
                if name.trim().is_empty() {
                    return Err(invalid(format!("the image of {} is an empty text", place.node))
                        .hint("for example `image: redis:7.4-alpine`"));
                }
                Ok(Image::Named { name, pull: self.pull.0 })
            }
            (None, Some(build)) => recipe(build, place, folder, expand).map(Image::Built),
            (Some(_), Some(_)) => Err(invalid(format!("{} has both `image` and `build`", place.node))
                .hint("take one of them away; what is built is named by KInfra")),
            (None, None) => Err(invalid(format!("{} has no image", place.node))
                .hint("for example `image: redis:7.4-alpine`, or `build: ./folder`")),
        }
    }

    /// Each port with the one that was chosen for it.
    fn published(&self, given: &Given<'_>) -> Result<Vec<(String, u16)>, Problem> {
        let published = written(&self.ports).map(|(key, port)| {
            let chosen = given.ports.iter().find(|chosen| chosen.name == key.text);
            let missing = || {
                let message = format!("no port was chosen for `{}` of {}", key.text, given.place.node);
                Problem::new(ErrorCode::Internal, message)
            };
            Ok((inside(&port.value), chosen.ok_or_else(missing)?.port))
        });
        published.collect()
    }

    fn files(&self, expand: Expand<'_>) -> Result<Vec<File>, Problem> {
        let file = |(key, content): (&Key, &Placed<String>)| {
            let steps = key.text.split('/');
            if !key.text.starts_with('/')
                || key.text.ends_with('/')
                || steps.into_iter().any(|step| step == "..")
            {
                let message = format!("`files` names `{}`, which is no absolute path of a file", key.text);
                return Err(Problem::new(ErrorCode::ConfigInvalidValue, message)
                    .hint("for example `files: {/etc/nats.conf: \"…\"}`"));
            }
            Ok(File { target: key.text.clone(), content: expand(&content.value)? })
        };
        written(&self.files).map(file).collect()
    }
}

fn inside(port: &Port) -> String {
    let protocol = match port.outside.protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
    };
    format!("{}/{protocol}", port.inside)
}

fn recipe(build: &Build, place: &Place, folder: &Path, expand: Expand<'_>) -> Result<Recipe, Problem> {
    let arguments = written(&build.arguments)
        .map(|(key, value)| Ok((key.text.clone(), expand(&value.value.0)?)))
        .collect::<Result<_, Problem>>()?;
    Ok(Recipe {
        name: labels::image(place),
        context: plain(&folder.join(expand(&build.context)?)),
        dockerfile: build.dockerfile.as_deref().map_or(Ok("Dockerfile".to_owned()), expand)?,
        arguments,
        target: build.target.as_deref().map(expand).transpose()?,
    })
}

fn words(run: Option<&Placed<Run>>, expand: Expand<'_>) -> Result<Option<Vec<String>>, Problem> {
    let Some(run) = run else { return Ok(None) };
    let words = match &run.value {
        Run::Program(words) => words.iter().map(|word| expand(word)).collect::<Result<_, _>>()?,
        Run::Shell(text) => vec!["/bin/sh".to_owned(), "-c".to_owned(), expand(text)?],
    };
    Ok(Some(words))
}

/// An engine that is given a wrong name repeats it with its value: it is refused before.
fn environment(given: &Given<'_>) -> Result<Vec<String>, Problem> {
    let variable = |(name, value): (&String, &String)| {
        if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
            let message = format!("`{name}` can't be a variable of {}", given.place.node);
            return Err(Problem::new(ErrorCode::ConfigInvalidValue, message)
                .hint("a name has no `=`, and no value has a NUL character"));
        }
        Ok(format!("{name}={value}"))
    };
    given.environment.iter().map(variable).collect()
}

/// Without `.`, which engines don't take in a path.
fn plain(path: &Path) -> PathBuf {
    path.components().collect()
}
