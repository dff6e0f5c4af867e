use bollard::Docker;
use bollard::errors::Error;
use bollard::models::ContainerInspectResponse;
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, RemoveContainerOptionsBuilder, StopContainerOptionsBuilder,
    UploadToContainerOptionsBuilder,
};
use kinfra_rpc::{ErrorCode, Problem};

use super::engine::Watched;
use super::observe::there;
use super::spec::{Image, Spec};
use super::{body, build, errors, files, labels, pull};
use crate::resource_manager::{Place, Progress, Step};

/// A start in the making.
pub struct Start<'s> {
    pub place: &'s Place,
    pub spec: &'s Spec,
    pub watched: &'s Watched,
    pub client: Docker,
    /// What the container that is there was made from.
    pub made_from: Option<String>,
    pub progress: &'s dyn Progress,
}

impl Start<'_> {
    /// Gives what runs then.
    pub async fn apply(&self, steps: &[Step]) -> Result<Option<ContainerInspectResponse>, Problem> {
        let mut is_made = self.made_from.is_some();
        for step in steps {
            match step {
                Step::Pull | Step::Build => self.fetch().await?,
                Step::MakeNetwork => self.make_network().await?,
                Step::MakeVolume(key) => self.make_volume(key).await?,
                Step::Remove => self.remove().await?,
                Step::Create => {
                    self.create().await?;
                    is_made = false;
                }
                Step::Start => {
                    // That an image is another one is known only when it was fetched.
                    let fetched = steps.iter().any(|step| matches!(step, Step::Pull | Step::Build));
                    if fetched && is_made && self.image_is_another().await? {
                        self.progress.tell(format!("making {} anew from a newer image", self.place.node));
                        self.remove().await?;
                        self.create().await?;
                    }
                    return self.start().await.map(Some);
                }
            }
        }
        Ok(None)
    }

    async fn fetch(&self) -> Result<(), Problem> {
        match &self.spec.image {
            Image::Named { name, .. } => pull::pull(&self.client, name, self.progress).await,
            Image::Built(recipe) => build::build(&self.client, self.place, recipe, self.progress).await,
        }
    }

    async fn image_is_another(&self) -> Result<bool, Problem> {
        let name = self.spec.image.name();
        let image = self.client.inspect_image(name).await;
        let image = image.map_err(|error| errors::problem(&format!("look at the image {name}"), &error))?;
        Ok(image.id.is_some() && image.id != self.made_from)
    }

    /// Several start at once, and an engine makes two networks of one name.
    async fn make_network(&self) -> Result<(), Problem> {
        let name = labels::network(self.place);
        let failed = |error: Error| errors::problem(&format!("make the network {name}"), &error);
        let _one_at_a_time = self.watched.engine.networks.lock().await;
        if there(self.client.inspect_network(&name, None).await).map_err(failed)?.is_some() {
            return Ok(());
        }
        self.client.create_network(body::network(self.place)).await.map_err(failed)?;
        Ok(())
    }

    async fn make_volume(&self, key: &str) -> Result<(), Problem> {
        let volume = body::volume(self.place, key);
        let doing = format!("make the volume {}", labels::volume(self.place, key));
        self.client.create_volume(volume).await.map_err(|error| errors::problem(&doing, &error))?;
        Ok(())
    }

    /// In order, with its time to end. What it left in volumes stays, in those without a name too.
    async fn remove(&self) -> Result<(), Problem> {
        let name = &self.watched.name;
        let doing = format!("remove the container {name}, to make it anew");
        let failed = |error: Error| errors::problem(&doing, &error);
        let seconds = i32::try_from(self.spec.grace.as_secs()).unwrap_or(i32::MAX);
        let options = StopContainerOptionsBuilder::default().t(seconds).build();
        there(self.client.stop_container(name, Some(options)).await).map_err(failed)?;
        let options = RemoveContainerOptionsBuilder::default().v(false).force(false).build();
        there(self.client.remove_container(name, Some(options)).await).map_err(failed)?;
        Ok(())
    }

    async fn create(&self) -> Result<(), Problem> {
        for mount in &self.spec.mounts {
            let source = &mount.source;
            // An engine would make a folder of it.
            if self.watched.engine.address().is_local() && !source.exists() {
                let message = format!(
                    "cannot create the container {}: {}, which `mounts` leads to {}, doesn't exist",
                    self.watched.name,
                    source.display(),
                    mount.target
                );
                return Err(Problem::new(ErrorCode::ResourceFailed, message)
                    .hint("make it, or correct the path, which is relative to the project's folder"));
            }
        }
        let name = &self.watched.name;
        let failed = |error: Error| errors::problem(&format!("create the container {name}"), &error);
        let body = body::container(self.place, self.spec, self.watched.engine.address().is_podman());
        let options = CreateContainerOptionsBuilder::default().name(name).build();
        self.client.create_container(Some(options), body).await.map_err(failed)?;
        self.put_files().await
    }

    async fn put_files(&self) -> Result<(), Problem> {
        if self.spec.files.is_empty() {
            return Ok(());
        }
        let name = &self.watched.name;
        let doing = format!("put the files into the container {name}");
        let archive = files::archive(&self.spec.files)
            .map_err(|error| Problem::new(ErrorCode::ResourceFailed, format!("cannot {doing}: {error}")))?;
        let options = UploadToContainerOptionsBuilder::default().path("/").build();
        let body = bollard::body_full(archive.into());
        let put = self.client.upload_to_container(name, Some(options), body).await;
        put.map_err(|error| errors::problem(&doing, &error))
    }

    async fn start(&self) -> Result<ContainerInspectResponse, Problem> {
        let name = &self.watched.name;
        let failed = |error: Error| errors::problem(&format!("start the container {name}"), &error);
        self.client.start_container(name, None).await.map_err(failed)?;
        let found = self.client.inspect_container(name, None).await.map_err(failed)?;
        self.watched.look(Some(&found));
        Ok(found)
    }
}
