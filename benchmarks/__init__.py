"""How fast Oncue is, measured against the floor of the machine it runs on."""
