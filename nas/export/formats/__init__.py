"""The exporters' files: `nas.export.EXPORTERS` names them, and each is loaded when it is asked for."""
