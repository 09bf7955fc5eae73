package errs

var configRows = []Row{
	{
		Kind: BadOption, Name: "BadOption", Phrase: "an option is invalid",
		Meaning: "An option has a value that cannot work, or contradicts another one. Nothing was started.",
		Example: "a jitter of 300 per cent",
		Cause:   "A mistake in the configuration.",
		Action:  "Correct the option that the cause names.",
	},
	{
		Kind: BadURL, Name: "BadURL", Phrase: "the connection URL is invalid",
		Meaning: "The connection URL cannot be read, or has a scheme or parameter that does not exist. Nothing was started.",
		Example: "http://localhost:6379",
		Cause:   "A typing mistake, or a password with characters that are not percent-encoded.",
		Action:  "Write redis://, rediss:// or unix://, and percent-encode user and password.",
	},
	{
		Kind: BadEnvironment, Name: "BadEnvironment", Phrase: "an environment variable is invalid", Code: "E041",
		Meaning: "An environment variable has an invalid value, or a name that looks like one of ours and is none. Nothing was started.",
		Example: "CACHEKIT_DEFAULT_TTL=soon",
		Cause:   "A typing mistake in the deployment.",
		Action:  "Correct the variable that the cause names.",
	},
	{
		Kind: NoBackend, Name: "NoBackend", Phrase: "no backend is configured", Code: "E040",
		Meaning: "A cache was opened from the environment, and nothing there names a backend. Nothing was started.",
		Example: "neither CACHEKIT_REDIS_URL nor REDIS_URL is set",
		Cause:   "An incomplete deployment.",
		Action:  "Set CACHEKIT_REDIS_URL, or build the layer from a client of your own.",
	},
	{
		Kind: MasterKeyMissing, Name: "MasterKeyMissing", Phrase: "encryption needs a master key", Code: "E001",
		Meaning: "Encryption is on and there is no master key. Nothing was started, and nothing is ever stored in the clear instead.",
		Example: "the Secure preset without CACHEKIT_MASTER_KEY",
		Cause:   "The secret is missing in this environment.",
		Action:  "Set CACHEKIT_MASTER_KEY; redoubt keygen makes a key.",
	},
	{
		Kind: MasterKeyInvalid, Name: "MasterKeyInvalid", Phrase: "the master key is invalid", Code: "E002",
		Meaning: "The master key or a previous key is not hexadecimal or has fewer than 32 bytes. Nothing was started.",
		Example: "a master key of 32 hexadecimal digits, which is 16 bytes",
		Cause:   "A key in another encoding, cut off, or made up by hand.",
		Action:  "Use at least 64 hexadecimal digits; redoubt keygen makes a key.",
	},
	{
		Kind: TopologyUnsupported, Name: "TopologyUnsupported", Phrase: "the topology is not supported",
		Meaning: "The addresses or the server ask for a topology that this client was not built for. Nothing was started.",
		Example: "one address, whose server runs in cluster mode, configured as a server that stands alone",
		Cause:   "The configuration and the server do not fit together.",
		Action:  "Choose the topology that the server has; redoubt doctor tells which.",
	},
	{
		Kind: TrackingUnsupported, Name: "TrackingUnsupported", Phrase: "the server has no client-side caching",
		Meaning: "Client-side caching is on, and the server does not know CLIENT TRACKING. Nothing was started.",
		Example: "the first CLIENT TRACKING, answered with an unknown sub-command",
		Cause:   "A server older than Redis 6, a proxy, or an embedded server.",
		Action:  "Set DisableCache.",
	},
}

var usageRows = []Row{
	{
		Kind: Misuse, Name: "Misuse", Phrase: "the API was used in a wrong way",
		Meaning: "The call cannot work, whatever the server does. Nothing was sent by it.",
		Example: "a built command that is used twice without Pin",
		Cause:   "A bug in the calling code.",
		Action:  "Correct the call; the cause says what is wrong.",
	},
}

var decodeRows = []Row{
	{
		Kind: DecodeFailed, Name: "DecodeFailed", Phrase: "the reply is not of the wanted type",
		Meaning: "The server executed the command and answered well, but the answer cannot be read as the type that the caller asked for.",
		Example: "AsInt64 on the value \"v\"",
		Cause:   "Something else was stored than expected, or the wrong accessor was used.",
		Action:  "Use the accessor that fits the reply; check who writes the key. Do not repeat a write because of it.",
	},
}
