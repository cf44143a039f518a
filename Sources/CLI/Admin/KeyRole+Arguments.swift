// Public, because a conformance of public types is.
public import ArgumentParser
public import Gateway

extension KeyRole: ExpressibleByArgument {}
