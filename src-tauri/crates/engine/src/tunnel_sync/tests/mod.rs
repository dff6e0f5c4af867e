mod ingress;
mod model;
mod plans;
mod properties;
