use std::fmt::Write;
use std::fs::{File, create_dir, write};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::guest::Guest;

/// A session bus that starts only the services that the test names.
#[derive(Debug)]
pub struct Bus {
    address: String,
    _daemon: Guest,
}

impl Bus {
    /// `services` are bus names and the command that D-Bus starts when somebody calls them. What it starts has the
    /// daemon's environment, and its log.
    pub fn start(folder: &Path, services: &[(&str, &str)], daemon: &mut Command, log: &File) -> Self {
        let service_files = folder.join("services");
        create_dir(&service_files).unwrap();
        for (name, command) in services {
            let mut file = String::new();
            writeln!(file, "[D-BUS Service]\nName={name}\nExec={command}").unwrap();
            write(service_files.join(format!("{name}.service")), file).unwrap();
        }
        let configuration = folder.join("bus.conf");
        write(&configuration, text(&folder.join("run/bus"), &service_files)).unwrap();
        let (daemon, address) = Guest::start_and_read_line(
            daemon
                .arg("--nofork")
                .arg("--print-address")
                .arg(format!("--config-file={}", configuration.display())),
            log,
            Duration::from_secs(10),
        );
        Self { address, _daemon: daemon }
    }

    pub fn address(&self) -> &str {
        &self.address
    }
}

fn text(socket: &Path, services: &Path) -> String {
    format!(
        r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={}</listen>
  <auth>EXTERNAL</auth>
  <servicedir>{}</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#,
        socket.display(),
        services.display()
    )
}
