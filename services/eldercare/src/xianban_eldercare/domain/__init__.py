"""Rules of elder care. Pure: no gRPC, no SQL, no bus, no generated code."""
