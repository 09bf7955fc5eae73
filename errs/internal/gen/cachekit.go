package main

import "github.com/redoubt-go/redoubt/errs"

// eCode is a code in cachekit's error reference.
type eCode struct {
	code      string
	condition string      // when it applies
	outcome   string      // what a caller of the cache layer sees here
	also      []errs.Kind // kinds beside those whose row has the code
}

// cachekitCodes are the codes that cachekit documents.
var cachekitCodes = []eCode{
	{code: "E001", condition: "encryption without a master key", outcome: "construction fails"},
	{code: "E002", condition: "the master key is not hexadecimal or is too short", outcome: "construction fails"},
	{code: "E003", condition: "an entry failed authentication", outcome: "a miss and loaded anew; an error if fail-closed"},
	{code: "E004", condition: "an entry of another serializer; documented under troubleshooting only, our errors carry E021", outcome: "a miss and loaded anew", also: []errs.Kind{errs.SerializerMismatch}},
	{code: "E010", condition: "no connection to the server, or a lost one", outcome: "served from L1 or by the loader"},
	{code: "E011", condition: "the server did not answer in time", outcome: "served from L1 or by the loader"},
	{code: "E012", condition: "no free connection", outcome: "served from L1 or by the loader"},
	{code: "E020", condition: "a value cannot be encoded", outcome: "the value is returned and not stored; an error in interop mode"},
	{code: "E021", condition: "an entry cannot be decoded or failed its checksum", outcome: "a miss and loaded anew"},
	{code: "E030", condition: "the circuit breaker is open", outcome: "served from L1 or by the loader"},
	{code: "E040", condition: "no backend is configured", outcome: "construction fails"},
	{code: "E041", condition: "an environment variable is invalid or misspelt", outcome: "construction fails"},
	{code: "E050", condition: "a lock was not obtained in time", outcome: "an error from package lock; the cache loads without it"},
	{code: "E060", condition: "a backend refused the credentials", outcome: "served from L1 or by the loader"},
	{code: "E061", condition: "a backend limits the rate", outcome: "served from L1 or by the loader"},
	{code: "E062", condition: "a backend failed", outcome: "served from L1 or by the loader"},
	{code: "E063", condition: "a backend refused the request", outcome: "served from L1 or by the loader"},
	{code: "E064", condition: "a backend did not answer in time", outcome: "served from L1 or by the loader"},
	{code: "E065", condition: "a backend cannot be reached", outcome: "served from L1 or by the loader"},
}

// kinds are the kinds that the code stands for.
func (c eCode) kinds() []errs.Kind {
	return append(kindsWhere(func(r errs.Row) bool { return r.Code == c.code }), c.also...)
}
