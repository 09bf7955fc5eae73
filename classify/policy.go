package classify

import "github.com/redoubt-go/redoubt/errs"

// policy is what a kind means by default: whether the command was executed,
// what to do with it, what to do to the world, what the breaker learns.
type policy struct {
	effect errs.Effect
	do     Do
	fix    Fix
	lane   Lane
}

// Shorthands that keep the table below one line a row.
const (
	unknown  = errs.Unknown
	not      = errs.NotExecuted
	executed = errs.Executed
	partial  = errs.Partial

	// newPrimary is the set for "this node is not the primary": a cluster
	// refreshes, sentinel rediscovers, a name in front of it is dialled anew.
	// Each topology picks what it has.
	newPrimary = RefreshTopology | Rediscover | RetireNode
)

// policies has one row a kind; a kind without a row has the zero policy:
// unknown effect, return, nothing to mend, nothing learned.
var policies = [256]policy{
	errs.Moved:        {not, Redirect, RefreshTopology, LaneSuccess},
	errs.Ask:          {not, Ask, 0, LaneSuccess},
	errs.RedirectTo:   {not, Redirect, Rediscover, LaneSuccess},
	errs.BadRedirect:  {not, Return, 0, LaneSuccess},
	errs.RedirectLoop: {not, RetryBackoff, RefreshTopology, LaneIgnore},

	errs.ClusterDown:        {not, RetryBackoff, RefreshTopology, LaneFailBoth},
	errs.TryAgain:           {not, RetryBackoff, 0, LaneIgnore},
	errs.NoSlot:             {not, RetryBackoff, RefreshTopology, LaneIgnore},
	errs.UnknownTarget:      {not, RetryBackoff, RefreshTopology, LaneIgnore},
	errs.TopologyFailed:     {not, RetryBackoff, RefreshTopology, LaneIgnore},
	errs.CrossSlot:          {not, Return, 0, LaneSuccess},
	errs.ClusterTransaction: {not, Return, 0, LaneSuccess},
	errs.ClusterDisabled:    {not, Return, 0, LaneSuccess},
	errs.ClusterRefused:     {not, Return, 0, LaneSuccess},
	errs.ClusterAdmin:       {not, Return, 0, LaneSuccess},
	errs.NonLocalKey:        {partial, Return, RefreshTopology, LaneSuccess},
	errs.FanoutFailed:       {unknown, Return, 0, LaneIgnore},

	errs.Loading:         {not, RetryBackoff, 0, LaneFailBoth},
	errs.ReadOnly:        {not, RetryBackoff, newPrimary, LaneFailWrite},
	errs.NotPrimary:      {not, RetryBackoff, newPrimary, LaneFailWrite},
	errs.MasterDown:      {not, RetryBackoff, RefreshTopology | Rediscover, LaneFailBoth},
	errs.Busy:            {not, RetryBackoff, 0, LaneFailBoth},
	errs.OOM:             {not, Return, 0, LaneFailWrite},
	errs.Misconf:         {not, Return, 0, LaneFailWrite},
	errs.NoReplicas:      {not, RetryBackoff, 0, LaneFailWrite},
	errs.MaxClients:      {not, RetryBackoff, RetireConnection, LaneFailBoth},
	errs.Unblocked:       {not, RetryBackoff, RefreshTopology | Rediscover, LaneIgnore},
	errs.UnblockedByHand: {not, Return, 0, LaneSuccess},
	errs.InProgress:      {not, RetryBackoff, 0, LaneSuccess},
	errs.NotReady:        {not, RetryBackoff, 0, LaneIgnore},
	errs.PersistFailed:   {not, Return, 0, LaneSuccess},
	errs.ServerFault:     {not, Return, 0, LaneIgnore},
	errs.ProxyFailed:     {unknown, RetryBackoff, 0, LaneFailBoth},

	errs.NoAuth:      {not, RetryNow, Reauthenticate, LaneFailBoth},
	errs.WrongPass:   {not, Return, Reauthenticate, LaneFailBoth},
	errs.AuthRefused: {not, Return, Reauthenticate, LaneFailBoth},
	errs.AuthUnset:   {not, Return, 0, LaneFailBoth},
	errs.NoProto:     {not, Return, 0, LaneFailBoth},
	errs.CredsFailed: {not, RetryBackoff, Reauthenticate, LaneIgnore},

	errs.NoPerm:        {not, Return, 0, LaneIgnore},
	errs.Denied:        {not, Return, RetireConnection, LaneFailBoth},
	errs.CommandLocked: {not, Return, 0, LaneSuccess},

	errs.NoScript:         {not, RetryNow, ReloadScript, LaneSuccess},
	errs.ScriptFailed:     {partial, Return, 0, LaneSuccess},
	errs.ScriptCompile:    {not, Return, 0, LaneSuccess},
	errs.ScriptReadOnly:   {not, Return, 0, LaneSuccess},
	errs.ScriptKilled:     {not, Return, 0, LaneSuccess},
	errs.NotBusy:          {not, Return, 0, LaneSuccess},
	errs.Unkillable:       {not, RetryBackoff, 0, LaneFailBoth},
	errs.FunctionNotFound: {not, RetryNow, ReloadScript, LaneSuccess},
	errs.FunctionRefused:  {not, Return, 0, LaneSuccess},
	errs.LibraryMissing:   {not, Return, 0, LaneSuccess},
	errs.ScriptMisuse:     {not, Return, 0, LaneSuccess},

	errs.ExecAbort:     {not, Return, 0, LaneSuccess},
	errs.WatchConflict: {not, Return, 0, LaneSuccess},
	errs.TxMisuse:      {not, Return, 0, LaneSuccess},

	errs.WrongType:         {not, Return, 0, LaneSuccess},
	errs.Syntax:            {not, Return, 0, LaneSuccess},
	errs.WrongArity:        {not, Return, 0, LaneSuccess},
	errs.UnknownCommand:    {not, Return, 0, LaneSuccess},
	errs.UnknownSubcommand: {not, Return, 0, LaneSuccess},
	errs.BadArgument:       {not, Return, 0, LaneSuccess},
	errs.BadValue:          {not, Return, 0, LaneSuccess},
	errs.NoSuchKey:         {not, Return, 0, LaneSuccess},
	errs.BusyKey:           {not, Return, 0, LaneSuccess},
	errs.TooLarge:          {not, Return, 0, LaneSuccess},
	errs.BadPayload:        {not, Return, 0, LaneSuccess},
	errs.ConfigRefused:     {not, Return, 0, LaneSuccess},
	errs.AdminRefused:      {not, Return, 0, LaneSuccess},
	errs.ReplicationFault:  {not, Return, 0, LaneSuccess},
	errs.MigrateFailed:     {unknown, RetryBackoff, 0, LaneSuccess},
	errs.NotSupported:      {not, Return, 0, LaneSuccess},
	errs.ModuleMissing:     {not, Return, 0, LaneSuccess},
	errs.ModuleFailed:      {not, Return, 0, LaneSuccess},
	errs.CommandRefused:    {not, Return, 0, LaneSuccess},
	errs.UnknownReply:      {unknown, Return, 0, LaneSuccess},

	errs.BusyGroup:          {not, Return, 0, LaneSuccess},
	errs.NoGroup:            {not, Return, 0, LaneSuccess},
	errs.StreamKeyGone:      {not, Return, 0, LaneSuccess},
	errs.StreamID:           {not, Return, 0, LaneSuccess},
	errs.StreamConsumerInit: {not, Return, 0, LaneIgnore},

	errs.ReplicationShort: {executed, Return, 0, LaneSuccess},
	errs.PersistenceShort: {executed, Return, 0, LaneSuccess},

	errs.DialRefused:    {not, RetryBackoff, RefreshTopology | Rediscover, LaneFailBoth},
	errs.DialFailed:     {not, RetryBackoff, RefreshTopology | Rediscover, LaneFailBoth},
	errs.DNS:            {not, RetryBackoff, RefreshTopology | Rediscover, LaneFailBoth},
	errs.TLS:            {not, RetryBackoff, RefreshTopology | Rediscover, LaneFailBoth},
	errs.Handshake:      {not, Return, 0, LaneFailBoth},
	errs.ConnLost:       {unknown, RetryBackoff, RefreshTopology | Rediscover, LaneFailBoth},
	errs.StaleConn:      {not, RetryNow, 0, LaneIgnore},
	errs.ConnRetired:    {not, RetryNow, 0, LaneIgnore},
	errs.ConnExpired:    {unknown, RetryNow, 0, LaneIgnore},
	errs.Protocol:       {unknown, Return, RetireConnection, LaneFailBoth},
	errs.ForeignContext: {not, RetryNow, 0, LaneIgnore},
	errs.Unclassified:   {unknown, Return, 0, LaneIgnore},

	errs.DialTimeout: {not, RetryBackoff, RefreshTopology | Rediscover, LaneFailBoth},
	errs.IOTimeout:   {unknown, RetryBackoff, RefreshTopology | Rediscover, LaneFailBoth},
	errs.PoolWait:    {not, RetryBackoff, 0, LaneIgnore},
	errs.Deadline:    {unknown, Return, 0, LaneIgnore},

	errs.BreakerOpen:  {not, Return, 0, LaneIgnore},
	errs.BulkheadFull: {not, Return, 0, LaneIgnore},

	errs.Closed:   {unknown, Return, 0, LaneIgnore},
	errs.Canceled: {unknown, Return, 0, LaneIgnore},

	errs.PrimaryNotFound:    {not, RetryBackoff, Rediscover, LaneIgnore},
	errs.ReplicaNotFound:    {not, RetryBackoff, Rediscover, LaneIgnore},
	errs.StalePrimary:       {not, RetryBackoff, Rediscover, LaneIgnore},
	errs.SentinelDown:       {not, RetryBackoff, Rediscover, LaneIgnore},
	errs.NoGoodReplica:      {not, RetryBackoff, 0, LaneSuccess},
	errs.NoQuorum:           {not, RetryBackoff, 0, LaneSuccess},
	errs.FailoverInProgress: {not, RetryBackoff, Rediscover, LaneSuccess},
	errs.SentinelRefused:    {not, Return, 0, LaneSuccess},

	errs.SubscriberMode:   {not, Return, 0, LaneSuccess},
	errs.NoSubscription:   {not, Return, 0, LaneSuccess},
	errs.SubscriptionLost: {not, RetryBackoff, 0, LaneIgnore},
	errs.TrackingLost:     {not, Return, 0, LaneIgnore},

	errs.CacheAborted: {unknown, RetryNow, 0, LaneIgnore}, // a read, so it passes the replay rule

	errs.BadOption:           {not, Return, 0, LaneIgnore},
	errs.BadURL:              {not, Return, 0, LaneIgnore},
	errs.BadEnvironment:      {not, Return, 0, LaneIgnore},
	errs.NoBackend:           {not, Return, 0, LaneIgnore},
	errs.MasterKeyMissing:    {not, Return, 0, LaneIgnore},
	errs.MasterKeyInvalid:    {not, Return, 0, LaneIgnore},
	errs.TopologyUnsupported: {not, Return, 0, LaneIgnore},
	errs.TrackingUnsupported: {not, Return, 0, LaneIgnore},

	errs.Misuse:       {not, Return, 0, LaneIgnore},
	errs.DecodeFailed: {executed, Return, 0, LaneSuccess},
}

// OfKind is the verdict on a kind of which nothing more is known: the default
// that the policy table holds for it. A redirection has no Addr and no Slot,
// so this is for reading and not for following. A number that is not a kind
// counts as errs.Unclassified.
func OfKind(k errs.Kind) Verdict {
	if !k.Valid() {
		k = errs.Unclassified
	}
	return verdict(k)
}

// verdict is the row of a kind.
func verdict(k errs.Kind) Verdict {
	p := &policies[k]
	return Verdict{Kind: k, Effect: p.effect, Do: p.do, Fix: p.fix, Lane: p.lane}
}

// withEffect is the row of a kind with another effect.
func withEffect(k errs.Kind, e errs.Effect) Verdict {
	v := verdict(k)
	v.Effect = e
	return v
}
