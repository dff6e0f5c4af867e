mod acting;
mod looking;
mod running;
mod stage;
mod storm;
