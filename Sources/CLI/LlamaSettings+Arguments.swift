// Public, because a conformance of public types is.
public import ArgumentParser
public import LlamaBackend

extension LlamaSettings.Layout: ExpressibleByArgument {}
extension LlamaSettings.CacheType: ExpressibleByArgument {}
extension LlamaSettings.FlashAttention: ExpressibleByArgument {}
