// Lets a layer that has no sources yet be a library.
