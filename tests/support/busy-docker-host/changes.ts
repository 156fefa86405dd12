/** What of that day a person would call a change, in that person's words, and the events that tell of it. */

interface Told {
  readonly because: string
  readonly events: readonly string[]
}

export const changes: readonly Told[] = [
  {
    because: "apt has fetched its lists, and three packages have an update",
    events: ["06:20 host dock: +updates/pending/pkg:curl, +updates/pending/pkg:libssl3, +updates/pending/pkg:openssl"],
  },
  {
    because: "the machine has upgraded them by itself; the look at 06:40 came half-way",
    events: [
      "06:40 host dock: packages/pkg:libssl3/version 3.0.15-1~deb12u1 → 3.0.16-1~deb12u1, packages/pkg:curl/version 7.88.1-10+deb12u8 → 7.88.1-10+deb12u9",
      "06:40 host dock: -updates/pending/pkg:libssl3, -updates/pending/pkg:curl",
      "06:45 host dock: packages/pkg:openssl/version 3.0.15-1~deb12u1 → 3.0.16-1~deb12u1",
      "06:45 host dock: -updates/pending/pkg:openssl",
    ],
  },
  {
    because: "somebody took the monitoring down and up again: its containers are other ones",
    events: [
      "10:35 docker monitoring-grafana-1: container/id … → …",
      "10:35 docker monitoring-prometheus-1: container/id … → …",
    ],
  },
  {
    because: "the shop's worker failed and was restarted three times in four minutes, and has been quiet since",
    events: [
      "12:05 docker shop-worker-1: running → failed",
      "12:10 docker shop-worker-1: flapping started",
      "12:40 docker shop-worker-1: flapping ended",
    ],
  },
  {
    because: "a large compilation took all of the machine for 26 minutes",
    events: ["13:15 host dock: cpu healthy → critical", "13:45 host dock: cpu critical → healthy"],
  },
  {
    because: "the shop's api was deployed in a new image, with a port; the look at 14:00 came while it was replaced",
    events: [
      "14:00 docker shop-api-1: +config/ports/tcp:8081",
      "14:00 docker shop-api-1: container/imageId … → …, container/id … → …, container/digest … → …, container/configHash … → …",
      "14:05 host dock: +sockets/tcp:8081",
    ],
  },
  {
    because: "somebody made a file system for photos",
    events: [
      "15:05 host dock: +storage/filesystems/fs:/srv/photos",
      "15:05 host dock: resources/fs:/srv/photos = healthy",
    ],
  },
  {
    because: "a wiki was deployed",
    events: [
      "15:35 host dock: +sockets/tcp:8090",
      "15:35 docker wiki-app-1: discovered",
      "15:35 docker wiki: discovered",
    ],
  },
  {
    because: "the shop's web server was unhealthy for a quarter of an hour",
    events: [
      "16:20 docker shop-web-1: container/health healthy → unhealthy",
      "16:35 docker shop-web-1: container/health unhealthy → healthy",
    ],
  },
  {
    because: "a test under load took all of the machine for 40 minutes",
    events: ["17:15 host dock: cpu healthy → critical", "17:55 host dock: cpu critical → healthy"],
  },
  {
    because: "somebody stopped and removed the container `legacy`",
    events: [
      "18:05 host dock: -sockets/tcp:8099",
      "18:05 docker legacy: running → stopped",
      "18:15 docker legacy: retired",
    ],
  },
]
