"""What each kind of feature may say in the configuration file, a module a kind."""
