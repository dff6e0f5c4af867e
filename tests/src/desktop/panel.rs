use std::fs::{create_dir_all, write};
use std::path::Path;

/// Xfce's panel reads its settings from a service of its own.
pub const SETTINGS: (&str, &str) = ("org.xfce.Xfconf", "/usr/lib/x86_64-linux-gnu/xfce4/xfconf/xfconfd");

/// One panel along the top with nothing but the tray, at its right end.
pub fn configure(desktop: &Path) {
    let folder = desktop.join("config/xfce4/xfconf/xfce-perchannel-xml");
    create_dir_all(&folder).unwrap();
    write(
        folder.join("xfce4-panel.xml"),
        r#"<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="28"/>
      <property name="plugin-ids" type="array">
        <value type="int" value="1"/>
        <value type="int" value="2"/>
      </property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="separator">
      <property name="expand" type="bool" value="true"/>
      <property name="style" type="uint" value="0"/>
    </property>
    <property name="plugin-2" type="string" value="systray">
      <property name="square-icons" type="bool" value="true"/>
    </property>
  </property>
</channel>
"#,
    )
    .unwrap();
}
