"""The Bot Connector, on wire JSON: the one module that knows botbuilder."""
