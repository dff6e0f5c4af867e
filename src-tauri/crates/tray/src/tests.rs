mod icons;
mod menus;
mod presenting;
mod states;
mod steps;
