// Public, because a conformance of public types is.
public import ArgumentParser
public import Policy

extension ReasoningEffort: ExpressibleByArgument {}
