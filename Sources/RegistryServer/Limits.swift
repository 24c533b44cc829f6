// SPDX-License-Identifier: Apache-2.0
// The limits of RegistryServer, with where their numbers come from.

internal import OCI
package import Primitives

extension Limits {
    /// Connections served at once; the longest idle one is closed for the next. Each may hold one
    /// batch.
    package static let serverConnections = 512
    /// Connections of one address, or of one IPv6 network: half of all, so that others get in.
    package static let serverConnectionsPerClient = 256
    /// Seconds a connection may stay silent inside a request, or after an answer.
    package static let serverIdleSeconds = 60
    /// Seconds until the head of a connection's first request is whole. Clients send it at once.
    package static let serverHeadSeconds = 10
    /// Seconds of waiting for a client in which a body must bring `serverBodyPeriodBytes`.
    package static let serverBodyPeriodSeconds = 20
    /// 1 KiB a second: a modem of 1994 is seven times as fast.
    package static let serverBodyPeriodBytes = serverBodyPeriodSeconds * 1024
    /// Bytes of manifests that arrive at once: 32 of the largest.
    package static let manifestMemoryBytes = 32 * manifestBytes
    /// Threads that read manifests: a large one is half a second of work, so others go first.
    package static let manifestThreads = 2
    /// Seconds that running requests get after SIGINT or SIGTERM.
    package static let serverShutdownSeconds = 10
    /// Bytes of all header fields of one request. nginx stops at 32 KiB too.
    package static let requestHeaderBytes = 32 * 1024
    /// Bytes of one upload that wait for the disk.
    package static let uploadBatchBytes = 512 * 1024
    /// Pieces of one upload that wait for the disk: a sender of single bytes must not fill memory.
    package static let uploadBatchPieces = 64
    /// Bytes of one blob on its way in; the same as a layer may inflate to.
    package static let uploadBytes = layerBytes
    /// Uploads begun and not finished.
    package static let uploadSessions = 4_096
    /// Seconds after which an unfinished upload is swept at start-up: a week, as distribution does.
    package static let uploadLifetimeSeconds = 7 * 24 * 3_600
    /// Bytes of one blob read at a time on its way out.
    package static let downloadChunkBytes = 256 * 1024
    /// Threads that wait for the disk.
    package static let diskThreads = 16
    /// Bytes of one manifest that is kept in memory. Those of images have under 10 KiB.
    package static let recentManifestBytes = 64 * 1024
    /// Bytes of all manifests that are kept in memory, and how many there are.
    package static let recentManifestsBytes = 4 * mebibyte
    package static let recentManifests = 1_024
    /// Names of one page of tags or repositories, when the client asks for more or does not say.
    package static let namesPerPage = 10_000
    /// Bytes of one page of referrers. Spec: distribution-spec 1.1, an answer stays under 4 MiB.
    package static let referrersPageBytes = 4 * mebibyte
    /// Tags set by one push. Spec: distribution-spec 1.2-dev asks for at least 10.
    package static let tagsPerPush = 100
}
