const MIB = 1024 * 1024

/** The limits of one build with packages. */
export const PACKAGE_LIMITS = {
  /** Packages that one build may need; the largest that was measured needs 68. */
  packages: 250,
  /** Fetches and calls of the cache together: a request to a Worker has 1,000 in the paid plan, and the rest of the order needs some. */
  requests: 900,
  /** Milliseconds for the whole build, including the wait for its turn. */
  timeMs: 15_000,
  /** The part of the time after which nothing is installed any more, so that the compiler gets the rest. */
  installShare: 0.8,
  /** Milliseconds that answers may take after the build ran out of time, to arrive in the cache for a repeat. */
  lingerMs: 5000,
  /** Milliseconds after which a compilation that does not end is the fault of the packages, not of a slow registry or a queue. */
  compileMs: 8000,
  /** Requests at the same time: the platform opens no more than six connections. */
  parallel: 6,
  /** Compressed bytes of one archive. */
  tarballBytes: 16 * MIB,
  /** Bytes that one build fetches, the registry's answers included. */
  fetchedBytes: 64 * MIB,
  /** Bytes that one archive may expand to. Only its importable files are held. */
  unpackedBytes: 192 * MIB,
  /** An archive may expand to this many times the bytes that were fed, once it has more than `expansionFrom` bytes. */
  expansion: 100,
  /** Bytes that any archive may expand to, whatever its size. */
  expansionFrom: 2 * MIB,
  /** Importable bytes of one package. */
  packageBytes: 24 * MIB,
  /** Bytes of files that are held at the same time. */
  heldBytes: 24 * MIB,
  /** Beyond this, files that nothing imports yet are let go of. The cache has them if they are needed later. */
  softHeldBytes: 8 * MIB,
  /** Bytes of files that all the builds hold together which install beside the one that compiles. */
  besideBytes: 8 * MIB,
  /** Files of one archive. */
  files: 20_000,
  /** Bytes of modules that the compiler gets. */
  moduleBytes: 4 * MIB,
  /** Bytes of modules that the compiler is known to finish in time: the largest success that was measured. */
  compiledBytes: 3.2 * MIB,
  /** Bytes of the modules of WebAssembly that a bundle imports from packages; the largest that was measured has 2.4 MiB. */
  wasmBytes: 3 * MIB,
  /** Bytes of a list of versions, which is read as a stream; the largest that was measured has 20 MB. */
  packumentBytes: 32 * MIB,
  /** Bytes of one version's manifest; the largest that was measured has 147 KB. */
  manifestBytes: MIB,
  /** Steps from one package to another on the way to a module. */
  levels: 200,
  /** Seconds that the cache keeps tags and lists of versions. */
  tagSeconds: 300,
  /** Seconds that the cache keeps exact manifests and verified archives, which never change. */
  exactSeconds: 31_536_000,
  /** Bytes of memory that a compiler for packages begins with: with less, Go collects garbage without end. */
  memoryBytes: 64 * MIB,
  /** Bytes of memory beyond which such a compiler ends. */
  maxMemoryBytes: 86 * MIB
} as const
