use std::time::Duration;

use zbus::proxy::CacheProperties;
use zbus::{OwnedObjectPath, OwnedVariant, Proxy, fdo, proxy};

use super::menu::{Kind, Layout, MenuItem, read};
use super::private::Desktop;
use super::watcher;
use crate::{wait_for, wait_for_ok};

/// How long the app may take for something that a person is waiting for.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// One picture in an icon: width, height, and the pixels as ARGB.
pub type Pixmap = (i32, i32, Vec<u8>);

#[proxy(interface = "com.canonical.dbusmenu")]
trait Menu {
    #[zbus(name = "GetLayout")]
    fn layout(&self, parent: i32, depth: i32, properties: &[&str]) -> zbus::Result<(u32, Layout)>;
    fn event(&self, id: i32, event: &str, data: &zbus::Variant<'_>, timestamp: u32) -> zbus::Result<()>;
}

/// The app's icon in the tray and its menu, as a tray host sees them: asked anew each time, since the app may change
/// them at any moment.
pub struct Tray<'a> {
    desktop: &'a Desktop,
    item: Proxy<'static>,
    menu: MenuProxy<'static>,
}

impl<'a> Tray<'a> {
    /// Waits until a living program has its icon there.
    #[track_caller]
    pub fn find(desktop: &'a Desktop) -> Self {
        let found = wait_for("an icon in the tray", PATIENCE, || desktop.wait(items(desktop)).pop());
        desktop.wait(Self::open(desktop, &found))
    }

    async fn open(desktop: &'a Desktop, (owner, path): &(String, String)) -> Self {
        let item: Proxy<'static> = proxy::Builder::new(&desktop.connection)
            .destination(owner.clone())
            .path(path.clone())
            .interface("org.kde.StatusNotifierItem")
            .cache_properties(CacheProperties::No)
            .build()
            .await
            .unwrap();
        let path: OwnedObjectPath = item.get_property("Menu").await.unwrap();
        let menu = MenuProxy::builder(&desktop.connection)
            .destination(owner.clone())
            .path(path)
            .build()
            .await
            .unwrap();
        Self { desktop, item, menu }
    }

    /// `Id`, `Title`, `Status`: a property that is a text.
    pub fn text(&self, property: &str) -> String {
        self.desktop.wait(self.item.get_property(property)).unwrap_or_default()
    }

    /// What stands for the icon: a name or path, and pictures where it gives them instead.
    pub fn icon(&self) -> (String, Vec<Pixmap>) {
        let pictures = self.desktop.wait(self.item.get_property("IconPixmap")).unwrap_or_default();
        (self.text("IconName"), pictures)
    }

    /// The menu as it is now.
    pub fn menu(&self) -> MenuItem {
        self.try_menu().unwrap_or_else(|error| panic!("cannot read the tray's menu: {error}"))
    }

    fn try_menu(&self) -> zbus::Result<MenuItem> {
        let (_, layout) = self.desktop.wait(self.menu.layout(0, -1, &[]))?;
        Ok(read(layout))
    }

    /// Waits until the menu is as `look` wants it, and gives what that found.
    #[track_caller]
    pub fn wait_for<T>(&self, what: &str, mut look: impl FnMut(&MenuItem) -> Option<T>) -> T {
        wait_for_ok(what, PATIENCE, || {
            // While the app rebuilds its menu an answer may be missing.
            let menu = self.try_menu().map_err(|error| format!("; the menu can't be read: {error}"))?;
            look(&menu).ok_or_else(|| format!("; the menu:\n{menu}"))
        })
    }

    /// Waits until the item at this path of names has a label that is wanted, and gives that label.
    #[track_caller]
    pub fn wait_for_label(&self, path: &[&str], wanted: impl Fn(&str) -> bool) -> String {
        self.wait_for(&format!("another label of {path:?}"), |menu| {
            menu.find(path).map(|item| item.label.clone()).filter(|label| wanted(label))
        })
    }

    /// Clicks an item as a person can: only when it is enabled, and again when the menu was rebuilt meanwhile.
    #[track_caller]
    pub fn click(&self, path: &[&str]) {
        self.wait_for(&format!("{path:?} to be enabled"), |menu| {
            let item = menu.find(path).filter(|item| item.enabled)?;
            assert_eq!(item.kind, Kind::Item, "{path:?} can't be clicked");
            let event = self.menu.event(item.id, "clicked", &zbus::Variant::I32(0), 0);
            // An id that was just replaced is an error: it is looked up again.
            self.desktop.wait(event).ok()
        });
    }

    /// Whether its program has left the bus.
    pub fn is_gone(&self) -> bool {
        let owner = self.item.destination().as_str();
        !self.desktop.wait(items(self.desktop)).iter().any(|(other, _)| other == owner)
    }
}

/// Bus name and object path of each item in the tray whose program lives; none where there is no host.
async fn items(desktop: &Desktop) -> Vec<(String, String)> {
    let bus = fdo::DBusProxy::new(&desktop.connection).await.unwrap();
    let host: Proxy<'_> = proxy::Builder::new(&desktop.connection)
        .destination(watcher::NAME)
        .path(watcher::PATH)
        .interface(watcher::NAME)
        .cache_properties(CacheProperties::No)
        .build()
        .await
        .unwrap();
    let all: Vec<String> = host.get_property("RegisteredStatusNotifierItems").await.unwrap_or_default();
    let mut living = Vec::new();
    for item in all {
        let (owner, path) = item.split_at(item.find('/').unwrap_or(item.len()));
        if bus.name_has_owner(owner.try_into().unwrap()).await.unwrap() {
            living.push((owner.to_owned(), path.to_owned()));
        }
    }
    living
}

/// A property of a menu's item as text, where it is one.
pub fn as_text(value: &OwnedVariant) -> Option<String> {
    <&str>::try_from(value).ok().map(str::to_owned)
}
