/** What the page asks: each under its name in the registry, with the types of its schemas. Nothing of an operation but its types comes along. */
import type * as accessOperations from "#operations/access.js"
import type * as alertOperations from "#operations/alerts.js"
import type * as backtestOperations from "#operations/backtest.js"
import type * as baselineOperations from "#operations/baselines.js"
import type * as blameOperations from "#operations/blame.js"
import type * as checkOperations from "#operations/checks.js"
import type * as completeOperations from "#operations/complete.js"
import type * as countOperations from "#operations/count.js"
import type * as densityOperations from "#operations/density.js"
import type * as diffOperations from "#operations/diff.js"
import type * as driftOperations from "#operations/drift.js"
import type * as discoverOperations from "#operations/discover.js"
import type * as eventOperations from "#operations/event.js"
import type * as expectOperations from "#operations/expect.js"
import type * as healthOperations from "#operations/health.js"
import type * as historyOperations from "#operations/history.js"
import type * as identityOperations from "#operations/identity.js"
import type * as maintenanceOperations from "#operations/maintenance.js"
import type * as measurementOperations from "#operations/measurements.js"
import type * as noiseOperations from "#operations/noise.js"
import type * as queryOperations from "#operations/queries.js"
import type * as relationOperations from "#operations/relations.js"
import type * as searchOperations from "#operations/search.js"
import type * as securityOperations from "#operations/security.js"
import type * as serviceOperations from "#operations/services.js"
import type * as showOperations from "#operations/show.js"
import type * as snapshotOperations from "#operations/snapshots.js"
import type * as stackOperations from "#operations/stacks.js"
import type * as statusOperations from "#operations/status.js"
import type * as targetOperations from "#operations/targets.js"
import type * as topologyOperations from "#operations/topology.js"
import { asks } from "./ask.js"

export const access = asks<typeof accessOperations.access>("access", "/api/v1/access")
export const alertAcknowledge = asks<typeof alertOperations.alertAcknowledge>(
  "alert acknowledge",
  "/api/v1/alerts/{alert}/acknowledge",
  "POST",
)
export const alertResolve = asks<typeof alertOperations.alertResolve>(
  "alert resolve",
  "/api/v1/alerts/{alert}/resolve",
  "POST",
)
export const alertShow = asks<typeof alertOperations.alertShow>("alert show", "/api/v1/alerts/{alert}")
export const alertSilence = asks<typeof alertOperations.alertSilence>(
  "alert silence",
  "/api/v1/alerts/{alert}/silence",
  "POST",
)
export const alerts = asks<typeof alertOperations.alerts>("alerts", "/api/v1/alerts")
export const backtest = asks<typeof backtestOperations.backtest>("backtest", "/api/v1/backtest", "POST")
export const baselines = asks<typeof baselineOperations.baselines>("baselines", "/api/v1/baselines")
export const blame = asks<typeof blameOperations.blame>("blame", "/api/v1/entities/{entity}/blame")
export const checks = asks<typeof checkOperations.checks>("checks", "/api/v1/checks")
export const complete = asks<typeof completeOperations.complete>("complete", "/api/v1/complete")
export const count = asks<typeof countOperations.count>("count", "/api/v1/count")
export const density = asks<typeof densityOperations.density>("density", "/api/v1/density")
export const diff = asks<typeof diffOperations.diff>("diff", "/api/v1/diff")
export const discover = asks<typeof discoverOperations.discover>("discover", "/api/v1/discover", "POST")
export const drift = asks<typeof driftOperations.drift>("drift", "/api/v1/drift")
export const event = asks<typeof eventOperations.event>("event", "/api/v1/events/{position}")
export const expectAdd = asks<typeof expectOperations.expectAdd>("expect add", "/api/v1/intents", "POST")
export const expectList = asks<typeof expectOperations.expectList>("expect list", "/api/v1/intents")
export const expectWithdraw = asks<typeof expectOperations.expectWithdraw>(
  "expect withdraw",
  "/api/v1/intents/{id}",
  "DELETE",
)
export const health = asks<typeof healthOperations.health>("health", "/api/v1/health")
export const history = asks<typeof historyOperations.history>("history", "/api/v1/history")
export const identityLink = asks<typeof identityOperations.identityLink>(
  "identity link",
  "/api/v1/identity/link",
  "POST",
)
export const identityReview = asks<typeof identityOperations.identityReview>(
  "identity review",
  "/api/v1/identity/review",
)
export const identitySeparate = asks<typeof identityOperations.identitySeparate>(
  "identity separate",
  "/api/v1/identity/separate",
  "POST",
)
export const identityUnlink = asks<typeof identityOperations.identityUnlink>(
  "identity unlink",
  "/api/v1/identity/unlink",
  "POST",
)
export const maintenanceEnd = asks<typeof maintenanceOperations.maintenanceEnd>(
  "maintenance end",
  "/api/v1/maintenance/{id}",
  "DELETE",
)
export const maintenanceList = asks<typeof maintenanceOperations.maintenanceList>(
  "maintenance list",
  "/api/v1/maintenance",
)
export const maintenancePlan = asks<typeof maintenanceOperations.maintenancePlan>(
  "maintenance plan",
  "/api/v1/maintenance",
  "POST",
)
export const measurements = asks<typeof measurementOperations.measurements>(
  "measurements",
  "/api/v1/entities/{entity}/measurements",
)
export const noise = asks<typeof noiseOperations.noise>("noise", "/api/v1/noise")
export const pin = asks<typeof baselineOperations.pin>("pin", "/api/v1/baselines/{name}/pin", "POST")
export const queryDelete = asks<typeof queryOperations.queryDelete>("query delete", "/api/v1/queries/{name}", "DELETE")
export const queryList = asks<typeof queryOperations.queryList>("query list", "/api/v1/queries")
export const querySave = asks<typeof queryOperations.querySave>("query save", "/api/v1/queries", "POST")
export const relations = asks<typeof relationOperations.relations>("relations", "/api/v1/entities/{entity}/relations")
export const search = asks<typeof searchOperations.search>("search", "/api/v1/search")
export const security = asks<typeof securityOperations.security>("security", "/api/v1/security")
export const services = asks<typeof serviceOperations.services>("services", "/api/v1/services")
export const show = asks<typeof showOperations.show>("show", "/api/v1/entities/{entity}")
export const snapshotCreate = asks<typeof snapshotOperations.snapshotCreate>(
  "snapshot create",
  "/api/v1/snapshots",
  "POST",
)
export const snapshotDelete = asks<typeof snapshotOperations.snapshotDelete>(
  "snapshot delete",
  "/api/v1/snapshots/{name}",
  "DELETE",
)
export const snapshotList = asks<typeof snapshotOperations.snapshotList>("snapshot list", "/api/v1/snapshots")
export const stacks = asks<typeof stackOperations.stacks>("stacks", "/api/v1/stacks")
export const status = asks<typeof statusOperations.status>("status", "/api/v1/status")
export const targets = asks<typeof targetOperations.targets>("targets", "/api/v1/targets")
export const topology = asks<typeof topologyOperations.topology>("topology", "/api/v1/topology")
export const withdrawBaseline = asks<typeof baselineOperations.withdrawBaseline>(
  "withdraw",
  "/api/v1/baselines/{name}",
  "DELETE",
)
