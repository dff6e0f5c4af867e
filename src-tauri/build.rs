fn main() {
    // The window is inside the program: another bundle is another program.
    println!("cargo::rerun-if-changed=../ui/dist");
    tauri_build::build();
}
