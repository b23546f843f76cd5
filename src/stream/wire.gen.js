/*eslint-disable block-scoped-var, id-length, no-control-regex, no-magic-numbers, no-mixed-operators, no-prototype-builtins, no-redeclare, no-shadow, no-var, sort-vars, default-case, jsdoc/require-param*/
import $protobuf from "protobufjs/minimal.js";

const $Reader = $protobuf.Reader, $Writer = $protobuf.Writer, $util = $protobuf.util;
const $Object = $util.global.Object, $undefined = $util.global.undefined, $Error = $util.global.Error, $RangeError = $util.global.RangeError;

const $root = $protobuf.roots["default"] || ($protobuf.roots["default"] = {});

export const freshet = $root.freshet = (() => {

    const freshet = {};

    freshet.v1 = (function() {

        const v1 = {};

        v1.Envelope = (function() {

            const Envelope = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Envelope.prototype.hello = null;
            Envelope.prototype.welcome = null;
            Envelope.prototype.batch = null;
            Envelope.prototype.ack = null;
            Envelope.prototype.live = null;
            Envelope.prototype.goodbye = null;
            Envelope.prototype.packed = null;
            Envelope.prototype.heartbeat = null;
            Envelope.prototype.renew = null;
            Envelope.prototype.renewed = null;
            Envelope.prototype.policyPush = null;
            Envelope.prototype.policyReport = null;
            Envelope.prototype.reenrol = null;
            Envelope.prototype.reenrolling = null;
            Envelope.prototype.authorities = null;

            let $oneOfFields;

            $Object.defineProperty(Envelope.prototype, "body", {
                get: $util.oneOfGetter($oneOfFields = ["hello", "welcome", "batch", "ack", "live", "goodbye", "packed", "heartbeat", "renew", "renewed", "policyPush", "policyReport", "reenrol", "reenrolling", "authorities"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            Envelope.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.hello != null && $Object.hasOwnProperty.call(m, "hello"))
                    $root.freshet.v1.Hello.encode(m.hello, w.uint32(10).fork(), q + 1).ldelim();
                if (m.welcome != null && $Object.hasOwnProperty.call(m, "welcome"))
                    $root.freshet.v1.Welcome.encode(m.welcome, w.uint32(18).fork(), q + 1).ldelim();
                if (m.batch != null && $Object.hasOwnProperty.call(m, "batch"))
                    $root.freshet.v1.Batch.encode(m.batch, w.uint32(26).fork(), q + 1).ldelim();
                if (m.ack != null && $Object.hasOwnProperty.call(m, "ack"))
                    $root.freshet.v1.Ack.encode(m.ack, w.uint32(34).fork(), q + 1).ldelim();
                if (m.live != null && $Object.hasOwnProperty.call(m, "live"))
                    $root.freshet.v1.Live.encode(m.live, w.uint32(42).fork(), q + 1).ldelim();
                if (m.goodbye != null && $Object.hasOwnProperty.call(m, "goodbye"))
                    $root.freshet.v1.Goodbye.encode(m.goodbye, w.uint32(50).fork(), q + 1).ldelim();
                if (m.packed != null && $Object.hasOwnProperty.call(m, "packed"))
                    $root.freshet.v1.Packed.encode(m.packed, w.uint32(58).fork(), q + 1).ldelim();
                if (m.heartbeat != null && $Object.hasOwnProperty.call(m, "heartbeat"))
                    $root.freshet.v1.Heartbeat.encode(m.heartbeat, w.uint32(66).fork(), q + 1).ldelim();
                if (m.renew != null && $Object.hasOwnProperty.call(m, "renew"))
                    $root.freshet.v1.Renew.encode(m.renew, w.uint32(74).fork(), q + 1).ldelim();
                if (m.renewed != null && $Object.hasOwnProperty.call(m, "renewed"))
                    $root.freshet.v1.Renewed.encode(m.renewed, w.uint32(82).fork(), q + 1).ldelim();
                if (m.policyPush != null && $Object.hasOwnProperty.call(m, "policyPush"))
                    $root.freshet.v1.PolicyPush.encode(m.policyPush, w.uint32(90).fork(), q + 1).ldelim();
                if (m.policyReport != null && $Object.hasOwnProperty.call(m, "policyReport"))
                    $root.freshet.v1.PolicyReport.encode(m.policyReport, w.uint32(98).fork(), q + 1).ldelim();
                if (m.reenrol != null && $Object.hasOwnProperty.call(m, "reenrol"))
                    $root.freshet.v1.Reenrol.encode(m.reenrol, w.uint32(106).fork(), q + 1).ldelim();
                if (m.reenrolling != null && $Object.hasOwnProperty.call(m, "reenrolling"))
                    $root.freshet.v1.Reenrolling.encode(m.reenrolling, w.uint32(114).fork(), q + 1).ldelim();
                if (m.authorities != null && $Object.hasOwnProperty.call(m, "authorities"))
                    $root.freshet.v1.Authorities.encode(m.authorities, w.uint32(122).fork(), q + 1).ldelim();
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Envelope.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.Envelope();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            m.hello = $root.freshet.v1.Hello.decode(r, r.size(), $undefined, q + 1, m.hello);
                            m.body = "hello";
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            m.welcome = $root.freshet.v1.Welcome.decode(r, r.size(), $undefined, q + 1, m.welcome);
                            m.body = "welcome";
                            continue;
                        }
                    case 3: {
                            if (u !== 2)
                                break;
                            m.batch = $root.freshet.v1.Batch.decode(r, r.size(), $undefined, q + 1, m.batch);
                            m.body = "batch";
                            continue;
                        }
                    case 4: {
                            if (u !== 2)
                                break;
                            m.ack = $root.freshet.v1.Ack.decode(r, r.size(), $undefined, q + 1, m.ack);
                            m.body = "ack";
                            continue;
                        }
                    case 5: {
                            if (u !== 2)
                                break;
                            m.live = $root.freshet.v1.Live.decode(r, r.size(), $undefined, q + 1, m.live);
                            m.body = "live";
                            continue;
                        }
                    case 6: {
                            if (u !== 2)
                                break;
                            m.goodbye = $root.freshet.v1.Goodbye.decode(r, r.size(), $undefined, q + 1, m.goodbye);
                            m.body = "goodbye";
                            continue;
                        }
                    case 7: {
                            if (u !== 2)
                                break;
                            m.packed = $root.freshet.v1.Packed.decode(r, r.size(), $undefined, q + 1, m.packed);
                            m.body = "packed";
                            continue;
                        }
                    case 8: {
                            if (u !== 2)
                                break;
                            m.heartbeat = $root.freshet.v1.Heartbeat.decode(r, r.size(), $undefined, q + 1, m.heartbeat);
                            m.body = "heartbeat";
                            continue;
                        }
                    case 9: {
                            if (u !== 2)
                                break;
                            m.renew = $root.freshet.v1.Renew.decode(r, r.size(), $undefined, q + 1, m.renew);
                            m.body = "renew";
                            continue;
                        }
                    case 10: {
                            if (u !== 2)
                                break;
                            m.renewed = $root.freshet.v1.Renewed.decode(r, r.size(), $undefined, q + 1, m.renewed);
                            m.body = "renewed";
                            continue;
                        }
                    case 11: {
                            if (u !== 2)
                                break;
                            m.policyPush = $root.freshet.v1.PolicyPush.decode(r, r.size(), $undefined, q + 1, m.policyPush);
                            m.body = "policyPush";
                            continue;
                        }
                    case 12: {
                            if (u !== 2)
                                break;
                            m.policyReport = $root.freshet.v1.PolicyReport.decode(r, r.size(), $undefined, q + 1, m.policyReport);
                            m.body = "policyReport";
                            continue;
                        }
                    case 13: {
                            if (u !== 2)
                                break;
                            m.reenrol = $root.freshet.v1.Reenrol.decode(r, r.size(), $undefined, q + 1, m.reenrol);
                            m.body = "reenrol";
                            continue;
                        }
                    case 14: {
                            if (u !== 2)
                                break;
                            m.reenrolling = $root.freshet.v1.Reenrolling.decode(r, r.size(), $undefined, q + 1, m.reenrolling);
                            m.body = "reenrolling";
                            continue;
                        }
                    case 15: {
                            if (u !== 2)
                                break;
                            m.authorities = $root.freshet.v1.Authorities.decode(r, r.size(), $undefined, q + 1, m.authorities);
                            m.body = "authorities";
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Envelope;
        })();

        v1.Hello = (function() {

            const Hello = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Hello.prototype.deviceId = "";
            Hello.prototype.agentVersion = "";
            Hello.prototype.sentAtNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Hello.prototype.capabilities = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Hello.prototype.host = null;
            Hello.prototype.outboxId = $util.newBuffer([]);
            Hello.prototype.hardware = $util.newBuffer([]);

            Hello.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.deviceId != null && $Object.hasOwnProperty.call(m, "deviceId") && m.deviceId !== "")
                    w.uint32(10).string(m.deviceId);
                if (m.agentVersion != null && $Object.hasOwnProperty.call(m, "agentVersion") && m.agentVersion !== "")
                    w.uint32(18).string(m.agentVersion);
                if (m.sentAtNs != null && $Object.hasOwnProperty.call(m, "sentAtNs") && (typeof m.sentAtNs === "object" ? m.sentAtNs.low || m.sentAtNs.high : m.sentAtNs !== 0))
                    w.uint32(25).fixed64(m.sentAtNs);
                if (m.capabilities != null && $Object.hasOwnProperty.call(m, "capabilities") && (typeof m.capabilities === "object" ? m.capabilities.low || m.capabilities.high : m.capabilities !== 0))
                    w.uint32(32).uint64(m.capabilities);
                if (m.host != null && $Object.hasOwnProperty.call(m, "host"))
                    $root.freshet.v1.Host.encode(m.host, w.uint32(42).fork(), q + 1).ldelim();
                if (m.outboxId != null && $Object.hasOwnProperty.call(m, "outboxId") && m.outboxId.length)
                    w.uint32(50).bytes(m.outboxId);
                if (m.hardware != null && $Object.hasOwnProperty.call(m, "hardware") && m.hardware.length)
                    w.uint32(58).bytes(m.hardware);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Hello.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.Hello();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.deviceId = v;
                            else
                                delete m.deviceId;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.agentVersion = v;
                            else
                                delete m.agentVersion;
                            continue;
                        }
                    case 3: {
                            if (u !== 1)
                                break;
                            if (typeof (v = r.fixed64()) === "object" ? v.low || v.high : v !== 0)
                                m.sentAtNs = v;
                            else
                                delete m.sentAtNs;
                            continue;
                        }
                    case 4: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.capabilities = v;
                            else
                                delete m.capabilities;
                            continue;
                        }
                    case 5: {
                            if (u !== 2)
                                break;
                            m.host = $root.freshet.v1.Host.decode(r, r.size(), $undefined, q + 1, m.host);
                            continue;
                        }
                    case 6: {
                            if (u !== 2)
                                break;
                            if ((v = r.bytes()).length)
                                m.outboxId = v;
                            else
                                delete m.outboxId;
                            continue;
                        }
                    case 7: {
                            if (u !== 2)
                                break;
                            if ((v = r.bytes()).length)
                                m.hardware = v;
                            else
                                delete m.hardware;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Hello;
        })();

        v1.Host = (function() {

            const Host = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Host.prototype.hostname = "";
            Host.prototype.os = "";
            Host.prototype.osVersion = "";
            Host.prototype.osBuild = "";
            Host.prototype.hardware = "";
            Host.prototype.arch = "";
            Host.prototype.bootId = "";

            Host.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.hostname != null && $Object.hasOwnProperty.call(m, "hostname") && m.hostname !== "")
                    w.uint32(10).string(m.hostname);
                if (m.os != null && $Object.hasOwnProperty.call(m, "os") && m.os !== "")
                    w.uint32(18).string(m.os);
                if (m.osVersion != null && $Object.hasOwnProperty.call(m, "osVersion") && m.osVersion !== "")
                    w.uint32(26).string(m.osVersion);
                if (m.osBuild != null && $Object.hasOwnProperty.call(m, "osBuild") && m.osBuild !== "")
                    w.uint32(34).string(m.osBuild);
                if (m.hardware != null && $Object.hasOwnProperty.call(m, "hardware") && m.hardware !== "")
                    w.uint32(42).string(m.hardware);
                if (m.arch != null && $Object.hasOwnProperty.call(m, "arch") && m.arch !== "")
                    w.uint32(50).string(m.arch);
                if (m.bootId != null && $Object.hasOwnProperty.call(m, "bootId") && m.bootId !== "")
                    w.uint32(58).string(m.bootId);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Host.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.Host();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.hostname = v;
                            else
                                delete m.hostname;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.os = v;
                            else
                                delete m.os;
                            continue;
                        }
                    case 3: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.osVersion = v;
                            else
                                delete m.osVersion;
                            continue;
                        }
                    case 4: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.osBuild = v;
                            else
                                delete m.osBuild;
                            continue;
                        }
                    case 5: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.hardware = v;
                            else
                                delete m.hardware;
                            continue;
                        }
                    case 6: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.arch = v;
                            else
                                delete m.arch;
                            continue;
                        }
                    case 7: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.bootId = v;
                            else
                                delete m.bootId;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Host;
        })();

        v1.Welcome = (function() {

            const Welcome = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Welcome.prototype.lastSequence = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Welcome.prototype.capabilities = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Welcome.prototype.receivedAtNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Welcome.prototype.creditItems = 0;
            Welcome.prototype.backoffMaxMs = 0;

            Welcome.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.lastSequence != null && $Object.hasOwnProperty.call(m, "lastSequence") && (typeof m.lastSequence === "object" ? m.lastSequence.low || m.lastSequence.high : m.lastSequence !== 0))
                    w.uint32(8).uint64(m.lastSequence);
                if (m.capabilities != null && $Object.hasOwnProperty.call(m, "capabilities") && (typeof m.capabilities === "object" ? m.capabilities.low || m.capabilities.high : m.capabilities !== 0))
                    w.uint32(16).uint64(m.capabilities);
                if (m.receivedAtNs != null && $Object.hasOwnProperty.call(m, "receivedAtNs") && (typeof m.receivedAtNs === "object" ? m.receivedAtNs.low || m.receivedAtNs.high : m.receivedAtNs !== 0))
                    w.uint32(25).fixed64(m.receivedAtNs);
                if (m.creditItems != null && $Object.hasOwnProperty.call(m, "creditItems") && m.creditItems !== 0)
                    w.uint32(32).uint32(m.creditItems);
                if (m.backoffMaxMs != null && $Object.hasOwnProperty.call(m, "backoffMaxMs") && m.backoffMaxMs !== 0)
                    w.uint32(40).uint32(m.backoffMaxMs);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Welcome.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.Welcome();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.lastSequence = v;
                            else
                                delete m.lastSequence;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.capabilities = v;
                            else
                                delete m.capabilities;
                            continue;
                        }
                    case 3: {
                            if (u !== 1)
                                break;
                            if (typeof (v = r.fixed64()) === "object" ? v.low || v.high : v !== 0)
                                m.receivedAtNs = v;
                            else
                                delete m.receivedAtNs;
                            continue;
                        }
                    case 4: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.creditItems = v;
                            else
                                delete m.creditItems;
                            continue;
                        }
                    case 5: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.backoffMaxMs = v;
                            else
                                delete m.backoffMaxMs;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Welcome;
        })();

        v1.Batch = (function() {

            const Batch = function (p) {
                this.items = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Batch.prototype.items = $util.emptyArray;
            Batch.prototype.ahead = false;

            Batch.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.items != null && m.items.length) {
                    for (var i = 0; i < m.items.length; ++i)
                        $root.freshet.v1.Item.encode(m.items[i], w.uint32(10).fork(), q + 1).ldelim();
                }
                if (m.ahead != null && $Object.hasOwnProperty.call(m, "ahead") && m.ahead !== false)
                    w.uint32(16).bool(m.ahead);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Batch.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.Batch();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if (!(m.items && m.items.length))
                                m.items = [];
                            m.items.push($root.freshet.v1.Item.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (v = r.bool())
                                m.ahead = v;
                            else
                                delete m.ahead;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Batch;
        })();

        v1.Packed = (function() {

            const Packed = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Packed.prototype.zstd = $util.newBuffer([]);

            Packed.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.zstd != null && $Object.hasOwnProperty.call(m, "zstd") && m.zstd.length)
                    w.uint32(10).bytes(m.zstd);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Packed.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.Packed();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.bytes()).length)
                                m.zstd = v;
                            else
                                delete m.zstd;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Packed;
        })();

        v1.Heartbeat = (function() {

            const Heartbeat = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Heartbeat.prototype.sentAtNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            Heartbeat.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.sentAtNs != null && $Object.hasOwnProperty.call(m, "sentAtNs") && (typeof m.sentAtNs === "object" ? m.sentAtNs.low || m.sentAtNs.high : m.sentAtNs !== 0))
                    w.uint32(9).fixed64(m.sentAtNs);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Heartbeat.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.Heartbeat();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 1)
                                break;
                            if (typeof (v = r.fixed64()) === "object" ? v.low || v.high : v !== 0)
                                m.sentAtNs = v;
                            else
                                delete m.sentAtNs;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Heartbeat;
        })();

        v1.Item = (function() {

            const Item = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Item.prototype.id = $util.newBuffer([]);
            Item.prototype.sequence = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Item.prototype.atNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Item.prototype.alert = null;
            Item.prototype.sighting = null;
            Item.prototype.summary = null;
            Item.prototype.health = null;

            let $oneOfFields;

            $Object.defineProperty(Item.prototype, "content", {
                get: $util.oneOfGetter($oneOfFields = ["alert", "sighting", "summary", "health"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            Item.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.id != null && $Object.hasOwnProperty.call(m, "id") && m.id.length)
                    w.uint32(10).bytes(m.id);
                if (m.sequence != null && $Object.hasOwnProperty.call(m, "sequence") && (typeof m.sequence === "object" ? m.sequence.low || m.sequence.high : m.sequence !== 0))
                    w.uint32(16).uint64(m.sequence);
                if (m.atNs != null && $Object.hasOwnProperty.call(m, "atNs") && (typeof m.atNs === "object" ? m.atNs.low || m.atNs.high : m.atNs !== 0))
                    w.uint32(25).fixed64(m.atNs);
                if (m.alert != null && $Object.hasOwnProperty.call(m, "alert"))
                    $root.freshet.v1.Alert.encode(m.alert, w.uint32(34).fork(), q + 1).ldelim();
                if (m.sighting != null && $Object.hasOwnProperty.call(m, "sighting"))
                    $root.freshet.v1.Sighting.encode(m.sighting, w.uint32(42).fork(), q + 1).ldelim();
                if (m.summary != null && $Object.hasOwnProperty.call(m, "summary"))
                    $root.freshet.v1.PairSummary.encode(m.summary, w.uint32(50).fork(), q + 1).ldelim();
                if (m.health != null && $Object.hasOwnProperty.call(m, "health"))
                    $root.freshet.v1.Health.encode(m.health, w.uint32(58).fork(), q + 1).ldelim();
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Item.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.Item();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.bytes()).length)
                                m.id = v;
                            else
                                delete m.id;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.sequence = v;
                            else
                                delete m.sequence;
                            continue;
                        }
                    case 3: {
                            if (u !== 1)
                                break;
                            if (typeof (v = r.fixed64()) === "object" ? v.low || v.high : v !== 0)
                                m.atNs = v;
                            else
                                delete m.atNs;
                            continue;
                        }
                    case 4: {
                            if (u !== 2)
                                break;
                            m.alert = $root.freshet.v1.Alert.decode(r, r.size(), $undefined, q + 1, m.alert);
                            m.content = "alert";
                            continue;
                        }
                    case 5: {
                            if (u !== 2)
                                break;
                            m.sighting = $root.freshet.v1.Sighting.decode(r, r.size(), $undefined, q + 1, m.sighting);
                            m.content = "sighting";
                            continue;
                        }
                    case 6: {
                            if (u !== 2)
                                break;
                            m.summary = $root.freshet.v1.PairSummary.decode(r, r.size(), $undefined, q + 1, m.summary);
                            m.content = "summary";
                            continue;
                        }
                    case 7: {
                            if (u !== 2)
                                break;
                            m.health = $root.freshet.v1.Health.decode(r, r.size(), $undefined, q + 1, m.health);
                            m.content = "health";
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Item;
        })();

        v1.Ack = (function() {

            const Ack = function (p) {
                this.rejects = [];
                this.aheadSequences = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Ack.prototype.throughSequence = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Ack.prototype.rejects = $util.emptyArray;
            Ack.prototype.aheadSequences = $util.emptyArray;

            Ack.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.throughSequence != null && $Object.hasOwnProperty.call(m, "throughSequence") && (typeof m.throughSequence === "object" ? m.throughSequence.low || m.throughSequence.high : m.throughSequence !== 0))
                    w.uint32(8).uint64(m.throughSequence);
                if (m.rejects != null && m.rejects.length) {
                    for (var i = 0; i < m.rejects.length; ++i)
                        $root.freshet.v1.Reject.encode(m.rejects[i], w.uint32(18).fork(), q + 1).ldelim();
                }
                if (m.aheadSequences != null && m.aheadSequences.length) {
                    w.uint32(26).uint64s(m.aheadSequences);
                }
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Ack.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.Ack();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.throughSequence = v;
                            else
                                delete m.throughSequence;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if (!(m.rejects && m.rejects.length))
                                m.rejects = [];
                            m.rejects.push($root.freshet.v1.Reject.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    case 3: {
                            if (u === 2) {
                                if (!(m.aheadSequences && m.aheadSequences.length))
                                    m.aheadSequences = [];
                                r.uint64s(m.aheadSequences);
                                continue;
                            }
                            if (u !== 0)
                                break;
                            if (!(m.aheadSequences && m.aheadSequences.length))
                                m.aheadSequences = [];
                            m.aheadSequences.push(r.uint64());
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Ack;
        })();

        v1.Reject = (function() {

            const Reject = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Reject.prototype.sequence = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Reject.prototype.reason = "";

            Reject.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.sequence != null && $Object.hasOwnProperty.call(m, "sequence") && (typeof m.sequence === "object" ? m.sequence.low || m.sequence.high : m.sequence !== 0))
                    w.uint32(8).uint64(m.sequence);
                if (m.reason != null && $Object.hasOwnProperty.call(m, "reason") && m.reason !== "")
                    w.uint32(18).string(m.reason);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Reject.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.Reject();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.sequence = v;
                            else
                                delete m.sequence;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.reason = v;
                            else
                                delete m.reason;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Reject;
        })();

        v1.Goodbye = (function() {

            const Goodbye = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Goodbye.prototype.reason = "";
            Goodbye.prototype.retryAfterMs = 0;

            Goodbye.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.reason != null && $Object.hasOwnProperty.call(m, "reason") && m.reason !== "")
                    w.uint32(10).string(m.reason);
                if (m.retryAfterMs != null && $Object.hasOwnProperty.call(m, "retryAfterMs") && m.retryAfterMs !== 0)
                    w.uint32(16).uint32(m.retryAfterMs);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Goodbye.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.Goodbye();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.reason = v;
                            else
                                delete m.reason;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.retryAfterMs = v;
                            else
                                delete m.retryAfterMs;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Goodbye;
        })();

        v1.Severity = (function() {
            const valuesById = $Object.create(null), values = $Object.create(valuesById);
            values[valuesById[0] = "SEVERITY_UNSPECIFIED"] = 0;
            values[valuesById[1] = "LOW"] = 1;
            values[valuesById[2] = "MEDIUM"] = 2;
            values[valuesById[3] = "HIGH"] = 3;
            return values;
        })();

        v1.AlertState = (function() {
            const valuesById = $Object.create(null), values = $Object.create(valuesById);
            values[valuesById[0] = "STATE_UNSPECIFIED"] = 0;
            values[valuesById[1] = "OPENED"] = 1;
            values[valuesById[2] = "UPDATED"] = 2;
            values[valuesById[3] = "FINAL"] = 3;
            return values;
        })();

        v1.Alert = (function() {

            const Alert = function (p) {
                this.reasons = [];
                this.chain = [];
                this.techniques = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Alert.prototype.alertId = "";
            Alert.prototype.revision = 0;
            Alert.prototype.state = 0;
            Alert.prototype.severity = 0;
            Alert.prototype.score = 0;
            Alert.prototype.sentence = "";
            Alert.prototype.reasons = $util.emptyArray;
            Alert.prototype.openedAtNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Alert.prototype.updatedAtNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Alert.prototype.identity = null;
            Alert.prototype.chain = $util.emptyArray;
            Alert.prototype.destination = null;
            Alert.prototype.bytesOut = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Alert.prototype.bytesIn = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Alert.prototype.flows = 0;
            Alert.prototype.silentFlows = 0;
            Alert.prototype.largestFlow = null;
            Alert.prototype.timeline = null;
            Alert.prototype.policyVersion = 0;
            Alert.prototype.techniques = $util.emptyArray;
            Alert.prototype.doubt = "";
            Alert.prototype.unreadFlows = 0;
            Alert.prototype.listedFlows = null;
            Alert.prototype.atMostFlows = 0;
            Alert.prototype.tunnelledFlows = 0;
            Alert.prototype.guessedFlows = 0;
            Alert.prototype.inAboutFlows = 0;
            Alert.prototype.reference = "";
            Alert.prototype.responsibleKey = "";

            Alert.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.alertId != null && $Object.hasOwnProperty.call(m, "alertId") && m.alertId !== "")
                    w.uint32(10).string(m.alertId);
                if (m.revision != null && $Object.hasOwnProperty.call(m, "revision") && m.revision !== 0)
                    w.uint32(16).uint32(m.revision);
                if (m.state != null && $Object.hasOwnProperty.call(m, "state") && m.state !== 0)
                    w.uint32(24).int32(m.state);
                if (m.severity != null && $Object.hasOwnProperty.call(m, "severity") && m.severity !== 0)
                    w.uint32(32).int32(m.severity);
                if (m.score != null && $Object.hasOwnProperty.call(m, "score") && !$Object.is(m.score, 0))
                    w.uint32(41).double(m.score);
                if (m.sentence != null && $Object.hasOwnProperty.call(m, "sentence") && m.sentence !== "")
                    w.uint32(50).string(m.sentence);
                if (m.reasons != null && m.reasons.length) {
                    for (var i = 0; i < m.reasons.length; ++i)
                        $root.freshet.v1.Reason.encode(m.reasons[i], w.uint32(58).fork(), q + 1).ldelim();
                }
                if (m.openedAtNs != null && $Object.hasOwnProperty.call(m, "openedAtNs") && (typeof m.openedAtNs === "object" ? m.openedAtNs.low || m.openedAtNs.high : m.openedAtNs !== 0))
                    w.uint32(65).fixed64(m.openedAtNs);
                if (m.updatedAtNs != null && $Object.hasOwnProperty.call(m, "updatedAtNs") && (typeof m.updatedAtNs === "object" ? m.updatedAtNs.low || m.updatedAtNs.high : m.updatedAtNs !== 0))
                    w.uint32(73).fixed64(m.updatedAtNs);
                if (m.identity != null && $Object.hasOwnProperty.call(m, "identity"))
                    $root.freshet.v1.Identity.encode(m.identity, w.uint32(82).fork(), q + 1).ldelim();
                if (m.chain != null && m.chain.length) {
                    for (var i = 0; i < m.chain.length; ++i)
                        $root.freshet.v1.Process.encode(m.chain[i], w.uint32(90).fork(), q + 1).ldelim();
                }
                if (m.destination != null && $Object.hasOwnProperty.call(m, "destination"))
                    $root.freshet.v1.Destination.encode(m.destination, w.uint32(98).fork(), q + 1).ldelim();
                if (m.bytesOut != null && $Object.hasOwnProperty.call(m, "bytesOut") && (typeof m.bytesOut === "object" ? m.bytesOut.low || m.bytesOut.high : m.bytesOut !== 0))
                    w.uint32(104).uint64(m.bytesOut);
                if (m.bytesIn != null && $Object.hasOwnProperty.call(m, "bytesIn") && (typeof m.bytesIn === "object" ? m.bytesIn.low || m.bytesIn.high : m.bytesIn !== 0))
                    w.uint32(112).uint64(m.bytesIn);
                if (m.flows != null && $Object.hasOwnProperty.call(m, "flows") && m.flows !== 0)
                    w.uint32(120).uint32(m.flows);
                if (m.silentFlows != null && $Object.hasOwnProperty.call(m, "silentFlows") && m.silentFlows !== 0)
                    w.uint32(128).uint32(m.silentFlows);
                if (m.largestFlow != null && $Object.hasOwnProperty.call(m, "largestFlow"))
                    $root.freshet.v1.LargestFlow.encode(m.largestFlow, w.uint32(138).fork(), q + 1).ldelim();
                if (m.timeline != null && $Object.hasOwnProperty.call(m, "timeline"))
                    $root.freshet.v1.Timeline.encode(m.timeline, w.uint32(146).fork(), q + 1).ldelim();
                if (m.policyVersion != null && $Object.hasOwnProperty.call(m, "policyVersion") && m.policyVersion !== 0)
                    w.uint32(152).uint32(m.policyVersion);
                if (m.techniques != null && m.techniques.length) {
                    for (var i = 0; i < m.techniques.length; ++i)
                        w.uint32(162).string(m.techniques[i]);
                }
                if (m.responsibleKey != null && $Object.hasOwnProperty.call(m, "responsibleKey") && m.responsibleKey !== "")
                    w.uint32(170).string(m.responsibleKey);
                if (m.doubt != null && $Object.hasOwnProperty.call(m, "doubt") && m.doubt !== "")
                    w.uint32(178).string(m.doubt);
                if (m.unreadFlows != null && $Object.hasOwnProperty.call(m, "unreadFlows") && m.unreadFlows !== 0)
                    w.uint32(192).uint32(m.unreadFlows);
                if (m.listedFlows != null && $Object.hasOwnProperty.call(m, "listedFlows"))
                    $root.freshet.v1.ListedFlows.encode(m.listedFlows, w.uint32(202).fork(), q + 1).ldelim();
                if (m.atMostFlows != null && $Object.hasOwnProperty.call(m, "atMostFlows") && m.atMostFlows !== 0)
                    w.uint32(208).uint32(m.atMostFlows);
                if (m.tunnelledFlows != null && $Object.hasOwnProperty.call(m, "tunnelledFlows") && m.tunnelledFlows !== 0)
                    w.uint32(216).uint32(m.tunnelledFlows);
                if (m.guessedFlows != null && $Object.hasOwnProperty.call(m, "guessedFlows") && m.guessedFlows !== 0)
                    w.uint32(224).uint32(m.guessedFlows);
                if (m.inAboutFlows != null && $Object.hasOwnProperty.call(m, "inAboutFlows") && m.inAboutFlows !== 0)
                    w.uint32(232).uint32(m.inAboutFlows);
                if (m.reference != null && $Object.hasOwnProperty.call(m, "reference") && m.reference !== "")
                    w.uint32(242).string(m.reference);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Alert.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.Alert();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.alertId = v;
                            else
                                delete m.alertId;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.revision = v;
                            else
                                delete m.revision;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (v = r.int32())
                                m.state = v;
                            else
                                delete m.state;
                            continue;
                        }
                    case 4: {
                            if (u !== 0)
                                break;
                            if (v = r.int32())
                                m.severity = v;
                            else
                                delete m.severity;
                            continue;
                        }
                    case 5: {
                            if (u !== 1)
                                break;
                            if (!$Object.is(v = r.double(), 0))
                                m.score = v;
                            else
                                delete m.score;
                            continue;
                        }
                    case 6: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.sentence = v;
                            else
                                delete m.sentence;
                            continue;
                        }
                    case 7: {
                            if (u !== 2)
                                break;
                            if (!(m.reasons && m.reasons.length))
                                m.reasons = [];
                            m.reasons.push($root.freshet.v1.Reason.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    case 8: {
                            if (u !== 1)
                                break;
                            if (typeof (v = r.fixed64()) === "object" ? v.low || v.high : v !== 0)
                                m.openedAtNs = v;
                            else
                                delete m.openedAtNs;
                            continue;
                        }
                    case 9: {
                            if (u !== 1)
                                break;
                            if (typeof (v = r.fixed64()) === "object" ? v.low || v.high : v !== 0)
                                m.updatedAtNs = v;
                            else
                                delete m.updatedAtNs;
                            continue;
                        }
                    case 10: {
                            if (u !== 2)
                                break;
                            m.identity = $root.freshet.v1.Identity.decode(r, r.size(), $undefined, q + 1, m.identity);
                            continue;
                        }
                    case 11: {
                            if (u !== 2)
                                break;
                            if (!(m.chain && m.chain.length))
                                m.chain = [];
                            m.chain.push($root.freshet.v1.Process.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    case 12: {
                            if (u !== 2)
                                break;
                            m.destination = $root.freshet.v1.Destination.decode(r, r.size(), $undefined, q + 1, m.destination);
                            continue;
                        }
                    case 13: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.bytesOut = v;
                            else
                                delete m.bytesOut;
                            continue;
                        }
                    case 14: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.bytesIn = v;
                            else
                                delete m.bytesIn;
                            continue;
                        }
                    case 15: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.flows = v;
                            else
                                delete m.flows;
                            continue;
                        }
                    case 16: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.silentFlows = v;
                            else
                                delete m.silentFlows;
                            continue;
                        }
                    case 17: {
                            if (u !== 2)
                                break;
                            m.largestFlow = $root.freshet.v1.LargestFlow.decode(r, r.size(), $undefined, q + 1, m.largestFlow);
                            continue;
                        }
                    case 18: {
                            if (u !== 2)
                                break;
                            m.timeline = $root.freshet.v1.Timeline.decode(r, r.size(), $undefined, q + 1, m.timeline);
                            continue;
                        }
                    case 19: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.policyVersion = v;
                            else
                                delete m.policyVersion;
                            continue;
                        }
                    case 20: {
                            if (u !== 2)
                                break;
                            if (!(m.techniques && m.techniques.length))
                                m.techniques = [];
                            m.techniques.push(r.stringVerify());
                            continue;
                        }
                    case 22: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.doubt = v;
                            else
                                delete m.doubt;
                            continue;
                        }
                    case 24: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.unreadFlows = v;
                            else
                                delete m.unreadFlows;
                            continue;
                        }
                    case 25: {
                            if (u !== 2)
                                break;
                            m.listedFlows = $root.freshet.v1.ListedFlows.decode(r, r.size(), $undefined, q + 1, m.listedFlows);
                            continue;
                        }
                    case 26: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.atMostFlows = v;
                            else
                                delete m.atMostFlows;
                            continue;
                        }
                    case 27: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.tunnelledFlows = v;
                            else
                                delete m.tunnelledFlows;
                            continue;
                        }
                    case 28: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.guessedFlows = v;
                            else
                                delete m.guessedFlows;
                            continue;
                        }
                    case 29: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.inAboutFlows = v;
                            else
                                delete m.inAboutFlows;
                            continue;
                        }
                    case 30: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.reference = v;
                            else
                                delete m.reference;
                            continue;
                        }
                    case 21: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.responsibleKey = v;
                            else
                                delete m.responsibleKey;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Alert;
        })();

        v1.ListedFlows = (function() {

            const ListedFlows = function (p) {
                this.flows = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            ListedFlows.prototype.flows = $util.emptyArray;

            ListedFlows.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.flows != null && m.flows.length) {
                    for (var i = 0; i < m.flows.length; ++i)
                        $root.freshet.v1.ListedFlow.encode(m.flows[i], w.uint32(10).fork(), q + 1).ldelim();
                }
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            ListedFlows.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.ListedFlows();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if (!(m.flows && m.flows.length))
                                m.flows = [];
                            m.flows.push($root.freshet.v1.ListedFlow.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return ListedFlows;
        })();

        v1.ListedFlow = (function() {

            const ListedFlow = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            ListedFlow.prototype.firstAtNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            ListedFlow.prototype.lastAtNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            ListedFlow.prototype.pid = 0;
            ListedFlow.prototype.localPort = 0;
            ListedFlow.prototype.address = "";
            ListedFlow.prototype.port = 0;
            ListedFlow.prototype.inbound = false;
            ListedFlow.prototype.bytesOut = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            ListedFlow.prototype.bytesIn = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            ListedFlow.prototype.unread = false;
            ListedFlow.prototype.state = "";

            ListedFlow.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.firstAtNs != null && $Object.hasOwnProperty.call(m, "firstAtNs") && (typeof m.firstAtNs === "object" ? m.firstAtNs.low || m.firstAtNs.high : m.firstAtNs !== 0))
                    w.uint32(9).fixed64(m.firstAtNs);
                if (m.lastAtNs != null && $Object.hasOwnProperty.call(m, "lastAtNs") && (typeof m.lastAtNs === "object" ? m.lastAtNs.low || m.lastAtNs.high : m.lastAtNs !== 0))
                    w.uint32(17).fixed64(m.lastAtNs);
                if (m.pid != null && $Object.hasOwnProperty.call(m, "pid") && m.pid !== 0)
                    w.uint32(24).uint32(m.pid);
                if (m.localPort != null && $Object.hasOwnProperty.call(m, "localPort") && m.localPort !== 0)
                    w.uint32(32).uint32(m.localPort);
                if (m.address != null && $Object.hasOwnProperty.call(m, "address") && m.address !== "")
                    w.uint32(42).string(m.address);
                if (m.port != null && $Object.hasOwnProperty.call(m, "port") && m.port !== 0)
                    w.uint32(48).uint32(m.port);
                if (m.inbound != null && $Object.hasOwnProperty.call(m, "inbound") && m.inbound !== false)
                    w.uint32(56).bool(m.inbound);
                if (m.bytesOut != null && $Object.hasOwnProperty.call(m, "bytesOut") && (typeof m.bytesOut === "object" ? m.bytesOut.low || m.bytesOut.high : m.bytesOut !== 0))
                    w.uint32(64).uint64(m.bytesOut);
                if (m.bytesIn != null && $Object.hasOwnProperty.call(m, "bytesIn") && (typeof m.bytesIn === "object" ? m.bytesIn.low || m.bytesIn.high : m.bytesIn !== 0))
                    w.uint32(72).uint64(m.bytesIn);
                if (m.unread != null && $Object.hasOwnProperty.call(m, "unread") && m.unread !== false)
                    w.uint32(80).bool(m.unread);
                if (m.state != null && $Object.hasOwnProperty.call(m, "state") && m.state !== "")
                    w.uint32(90).string(m.state);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            ListedFlow.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.ListedFlow();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 1)
                                break;
                            if (typeof (v = r.fixed64()) === "object" ? v.low || v.high : v !== 0)
                                m.firstAtNs = v;
                            else
                                delete m.firstAtNs;
                            continue;
                        }
                    case 2: {
                            if (u !== 1)
                                break;
                            if (typeof (v = r.fixed64()) === "object" ? v.low || v.high : v !== 0)
                                m.lastAtNs = v;
                            else
                                delete m.lastAtNs;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.pid = v;
                            else
                                delete m.pid;
                            continue;
                        }
                    case 4: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.localPort = v;
                            else
                                delete m.localPort;
                            continue;
                        }
                    case 5: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.address = v;
                            else
                                delete m.address;
                            continue;
                        }
                    case 6: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.port = v;
                            else
                                delete m.port;
                            continue;
                        }
                    case 7: {
                            if (u !== 0)
                                break;
                            if (v = r.bool())
                                m.inbound = v;
                            else
                                delete m.inbound;
                            continue;
                        }
                    case 8: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.bytesOut = v;
                            else
                                delete m.bytesOut;
                            continue;
                        }
                    case 9: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.bytesIn = v;
                            else
                                delete m.bytesIn;
                            continue;
                        }
                    case 10: {
                            if (u !== 0)
                                break;
                            if (v = r.bool())
                                m.unread = v;
                            else
                                delete m.unread;
                            continue;
                        }
                    case 11: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.state = v;
                            else
                                delete m.state;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return ListedFlow;
        })();

        v1.Reason = (function() {

            const Reason = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Reason.prototype.term = "";
            Reason.prototype.points = 0;
            Reason.prototype.value = 0;
            Reason.prototype.threshold = 0;
            Reason.prototype.unit = "";
            Reason.prototype.text = "";

            Reason.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.term != null && $Object.hasOwnProperty.call(m, "term") && m.term !== "")
                    w.uint32(10).string(m.term);
                if (m.points != null && $Object.hasOwnProperty.call(m, "points") && !$Object.is(m.points, 0))
                    w.uint32(17).double(m.points);
                if (m.value != null && $Object.hasOwnProperty.call(m, "value") && !$Object.is(m.value, 0))
                    w.uint32(25).double(m.value);
                if (m.threshold != null && $Object.hasOwnProperty.call(m, "threshold") && !$Object.is(m.threshold, 0))
                    w.uint32(33).double(m.threshold);
                if (m.unit != null && $Object.hasOwnProperty.call(m, "unit") && m.unit !== "")
                    w.uint32(42).string(m.unit);
                if (m.text != null && $Object.hasOwnProperty.call(m, "text") && m.text !== "")
                    w.uint32(50).string(m.text);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Reason.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.Reason();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.term = v;
                            else
                                delete m.term;
                            continue;
                        }
                    case 2: {
                            if (u !== 1)
                                break;
                            if (!$Object.is(v = r.double(), 0))
                                m.points = v;
                            else
                                delete m.points;
                            continue;
                        }
                    case 3: {
                            if (u !== 1)
                                break;
                            if (!$Object.is(v = r.double(), 0))
                                m.value = v;
                            else
                                delete m.value;
                            continue;
                        }
                    case 4: {
                            if (u !== 1)
                                break;
                            if (!$Object.is(v = r.double(), 0))
                                m.threshold = v;
                            else
                                delete m.threshold;
                            continue;
                        }
                    case 5: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.unit = v;
                            else
                                delete m.unit;
                            continue;
                        }
                    case 6: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.text = v;
                            else
                                delete m.text;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Reason;
        })();

        v1.Identity = (function() {

            const Identity = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Identity.prototype.key = "";
            Identity.prototype.signerClass = "";
            Identity.prototype.name = "";
            Identity.prototype.path = "";
            Identity.prototype.sha256 = "";
            Identity.prototype.signingId = "";
            Identity.prototype.teamId = "";
            Identity.prototype.cdhash = "";
            Identity.prototype.firstSeenNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Identity.prototype.firstNetworkNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            Identity.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.key != null && $Object.hasOwnProperty.call(m, "key") && m.key !== "")
                    w.uint32(10).string(m.key);
                if (m.signerClass != null && $Object.hasOwnProperty.call(m, "signerClass") && m.signerClass !== "")
                    w.uint32(18).string(m.signerClass);
                if (m.name != null && $Object.hasOwnProperty.call(m, "name") && m.name !== "")
                    w.uint32(26).string(m.name);
                if (m.path != null && $Object.hasOwnProperty.call(m, "path") && m.path !== "")
                    w.uint32(34).string(m.path);
                if (m.sha256 != null && $Object.hasOwnProperty.call(m, "sha256") && m.sha256 !== "")
                    w.uint32(42).string(m.sha256);
                if (m.signingId != null && $Object.hasOwnProperty.call(m, "signingId") && m.signingId !== "")
                    w.uint32(50).string(m.signingId);
                if (m.teamId != null && $Object.hasOwnProperty.call(m, "teamId") && m.teamId !== "")
                    w.uint32(58).string(m.teamId);
                if (m.cdhash != null && $Object.hasOwnProperty.call(m, "cdhash") && m.cdhash !== "")
                    w.uint32(66).string(m.cdhash);
                if (m.firstSeenNs != null && $Object.hasOwnProperty.call(m, "firstSeenNs") && (typeof m.firstSeenNs === "object" ? m.firstSeenNs.low || m.firstSeenNs.high : m.firstSeenNs !== 0))
                    w.uint32(73).fixed64(m.firstSeenNs);
                if (m.firstNetworkNs != null && $Object.hasOwnProperty.call(m, "firstNetworkNs") && (typeof m.firstNetworkNs === "object" ? m.firstNetworkNs.low || m.firstNetworkNs.high : m.firstNetworkNs !== 0))
                    w.uint32(81).fixed64(m.firstNetworkNs);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Identity.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.Identity();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.key = v;
                            else
                                delete m.key;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.signerClass = v;
                            else
                                delete m.signerClass;
                            continue;
                        }
                    case 3: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.name = v;
                            else
                                delete m.name;
                            continue;
                        }
                    case 4: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.path = v;
                            else
                                delete m.path;
                            continue;
                        }
                    case 5: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.sha256 = v;
                            else
                                delete m.sha256;
                            continue;
                        }
                    case 6: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.signingId = v;
                            else
                                delete m.signingId;
                            continue;
                        }
                    case 7: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.teamId = v;
                            else
                                delete m.teamId;
                            continue;
                        }
                    case 8: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.cdhash = v;
                            else
                                delete m.cdhash;
                            continue;
                        }
                    case 9: {
                            if (u !== 1)
                                break;
                            if (typeof (v = r.fixed64()) === "object" ? v.low || v.high : v !== 0)
                                m.firstSeenNs = v;
                            else
                                delete m.firstSeenNs;
                            continue;
                        }
                    case 10: {
                            if (u !== 1)
                                break;
                            if (typeof (v = r.fixed64()) === "object" ? v.low || v.high : v !== 0)
                                m.firstNetworkNs = v;
                            else
                                delete m.firstNetworkNs;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Identity;
        })();

        v1.Process = (function() {

            const Process = function (p) {
                this.foreignCode = [];
                this.alsoAt = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Process.prototype.pid = 0;
            Process.prototype.pidversion = 0;
            Process.prototype.path = "";
            Process.prototype.script = "";
            Process.prototype.uid = 0;
            Process.prototype.user = "";
            Process.prototype.startedAtNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Process.prototype.identityKey = "";
            Process.prototype.socketsBy = "";
            Process.prototype["arguments"] = null;
            Process.prototype.scriptSha256 = "";
            Process.prototype.scriptFrom = "";
            Process.prototype.foreignCode = $util.emptyArray;
            Process.prototype.foreignCodeMore = false;
            Process.prototype.moreAbove = 0;
            Process.prototype.alsoAt = $util.emptyArray;

            Process.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.pid != null && $Object.hasOwnProperty.call(m, "pid") && m.pid !== 0)
                    w.uint32(8).uint32(m.pid);
                if (m.pidversion != null && $Object.hasOwnProperty.call(m, "pidversion") && m.pidversion !== 0)
                    w.uint32(16).uint32(m.pidversion);
                if (m.path != null && $Object.hasOwnProperty.call(m, "path") && m.path !== "")
                    w.uint32(26).string(m.path);
                if (m.script != null && $Object.hasOwnProperty.call(m, "script") && m.script !== "")
                    w.uint32(34).string(m.script);
                if (m.uid != null && $Object.hasOwnProperty.call(m, "uid") && m.uid !== 0)
                    w.uint32(40).uint32(m.uid);
                if (m.user != null && $Object.hasOwnProperty.call(m, "user") && m.user !== "")
                    w.uint32(50).string(m.user);
                if (m.startedAtNs != null && $Object.hasOwnProperty.call(m, "startedAtNs") && (typeof m.startedAtNs === "object" ? m.startedAtNs.low || m.startedAtNs.high : m.startedAtNs !== 0))
                    w.uint32(57).fixed64(m.startedAtNs);
                if (m.identityKey != null && $Object.hasOwnProperty.call(m, "identityKey") && m.identityKey !== "")
                    w.uint32(66).string(m.identityKey);
                if (m.socketsBy != null && $Object.hasOwnProperty.call(m, "socketsBy") && m.socketsBy !== "")
                    w.uint32(74).string(m.socketsBy);
                if (m["arguments"] != null && $Object.hasOwnProperty.call(m, "arguments"))
                    $root.freshet.v1.Arguments.encode(m["arguments"], w.uint32(82).fork(), q + 1).ldelim();
                if (m.scriptSha256 != null && $Object.hasOwnProperty.call(m, "scriptSha256") && m.scriptSha256 !== "")
                    w.uint32(90).string(m.scriptSha256);
                if (m.scriptFrom != null && $Object.hasOwnProperty.call(m, "scriptFrom") && m.scriptFrom !== "")
                    w.uint32(98).string(m.scriptFrom);
                if (m.foreignCode != null && m.foreignCode.length) {
                    for (var i = 0; i < m.foreignCode.length; ++i)
                        w.uint32(106).string(m.foreignCode[i]);
                }
                if (m.foreignCodeMore != null && $Object.hasOwnProperty.call(m, "foreignCodeMore") && m.foreignCodeMore !== false)
                    w.uint32(112).bool(m.foreignCodeMore);
                if (m.moreAbove != null && $Object.hasOwnProperty.call(m, "moreAbove") && m.moreAbove !== 0)
                    w.uint32(120).uint32(m.moreAbove);
                if (m.alsoAt != null && m.alsoAt.length) {
                    for (var i = 0; i < m.alsoAt.length; ++i)
                        w.uint32(130).string(m.alsoAt[i]);
                }
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Process.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.Process();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.pid = v;
                            else
                                delete m.pid;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.pidversion = v;
                            else
                                delete m.pidversion;
                            continue;
                        }
                    case 3: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.path = v;
                            else
                                delete m.path;
                            continue;
                        }
                    case 4: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.script = v;
                            else
                                delete m.script;
                            continue;
                        }
                    case 5: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.uid = v;
                            else
                                delete m.uid;
                            continue;
                        }
                    case 6: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.user = v;
                            else
                                delete m.user;
                            continue;
                        }
                    case 7: {
                            if (u !== 1)
                                break;
                            if (typeof (v = r.fixed64()) === "object" ? v.low || v.high : v !== 0)
                                m.startedAtNs = v;
                            else
                                delete m.startedAtNs;
                            continue;
                        }
                    case 8: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.identityKey = v;
                            else
                                delete m.identityKey;
                            continue;
                        }
                    case 9: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.socketsBy = v;
                            else
                                delete m.socketsBy;
                            continue;
                        }
                    case 10: {
                            if (u !== 2)
                                break;
                            m["arguments"] = $root.freshet.v1.Arguments.decode(r, r.size(), $undefined, q + 1, m["arguments"]);
                            continue;
                        }
                    case 11: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.scriptSha256 = v;
                            else
                                delete m.scriptSha256;
                            continue;
                        }
                    case 12: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.scriptFrom = v;
                            else
                                delete m.scriptFrom;
                            continue;
                        }
                    case 13: {
                            if (u !== 2)
                                break;
                            if (!(m.foreignCode && m.foreignCode.length))
                                m.foreignCode = [];
                            m.foreignCode.push(r.stringVerify());
                            continue;
                        }
                    case 14: {
                            if (u !== 0)
                                break;
                            if (v = r.bool())
                                m.foreignCodeMore = v;
                            else
                                delete m.foreignCodeMore;
                            continue;
                        }
                    case 15: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.moreAbove = v;
                            else
                                delete m.moreAbove;
                            continue;
                        }
                    case 16: {
                            if (u !== 2)
                                break;
                            if (!(m.alsoAt && m.alsoAt.length))
                                m.alsoAt = [];
                            m.alsoAt.push(r.stringVerify());
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Process;
        })();

        v1.Arguments = (function() {

            const Arguments = function (p) {
                this.texts = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Arguments.prototype.texts = $util.emptyArray;
            Arguments.prototype.count = 0;
            Arguments.prototype.leftOutBytes = 0;
            Arguments.prototype.atLeast = false;
            Arguments.prototype.missed = false;

            Arguments.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.texts != null && m.texts.length) {
                    for (var i = 0; i < m.texts.length; ++i)
                        w.uint32(10).string(m.texts[i]);
                }
                if (m.count != null && $Object.hasOwnProperty.call(m, "count") && m.count !== 0)
                    w.uint32(16).uint32(m.count);
                if (m.leftOutBytes != null && $Object.hasOwnProperty.call(m, "leftOutBytes") && m.leftOutBytes !== 0)
                    w.uint32(24).uint32(m.leftOutBytes);
                if (m.atLeast != null && $Object.hasOwnProperty.call(m, "atLeast") && m.atLeast !== false)
                    w.uint32(32).bool(m.atLeast);
                if (m.missed != null && $Object.hasOwnProperty.call(m, "missed") && m.missed !== false)
                    w.uint32(40).bool(m.missed);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Arguments.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.Arguments();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if (!(m.texts && m.texts.length))
                                m.texts = [];
                            m.texts.push(r.stringVerify());
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.count = v;
                            else
                                delete m.count;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.leftOutBytes = v;
                            else
                                delete m.leftOutBytes;
                            continue;
                        }
                    case 4: {
                            if (u !== 0)
                                break;
                            if (v = r.bool())
                                m.atLeast = v;
                            else
                                delete m.atLeast;
                            continue;
                        }
                    case 5: {
                            if (u !== 0)
                                break;
                            if (v = r.bool())
                                m.missed = v;
                            else
                                delete m.missed;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Arguments;
        })();

        v1.Destination = (function() {

            const Destination = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Destination.prototype.key = "";
            Destination.prototype.address = "";
            Destination.prototype.port = 0;
            Destination.prototype.hostname = "";
            Destination.prototype.protocol = 0;

            Destination.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.key != null && $Object.hasOwnProperty.call(m, "key") && m.key !== "")
                    w.uint32(10).string(m.key);
                if (m.address != null && $Object.hasOwnProperty.call(m, "address") && m.address !== "")
                    w.uint32(18).string(m.address);
                if (m.port != null && $Object.hasOwnProperty.call(m, "port") && m.port !== 0)
                    w.uint32(24).uint32(m.port);
                if (m.hostname != null && $Object.hasOwnProperty.call(m, "hostname") && m.hostname !== "")
                    w.uint32(34).string(m.hostname);
                if (m.protocol != null && $Object.hasOwnProperty.call(m, "protocol") && m.protocol !== 0)
                    w.uint32(40).uint32(m.protocol);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Destination.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.Destination();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.key = v;
                            else
                                delete m.key;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.address = v;
                            else
                                delete m.address;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.port = v;
                            else
                                delete m.port;
                            continue;
                        }
                    case 4: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.hostname = v;
                            else
                                delete m.hostname;
                            continue;
                        }
                    case 5: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.protocol = v;
                            else
                                delete m.protocol;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Destination;
        })();

        v1.LargestFlow = (function() {

            const LargestFlow = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            LargestFlow.prototype.bytesOut = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            LargestFlow.prototype.bytesIn = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            LargestFlow.prototype.pcr = 0;

            LargestFlow.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.bytesOut != null && $Object.hasOwnProperty.call(m, "bytesOut") && (typeof m.bytesOut === "object" ? m.bytesOut.low || m.bytesOut.high : m.bytesOut !== 0))
                    w.uint32(8).uint64(m.bytesOut);
                if (m.bytesIn != null && $Object.hasOwnProperty.call(m, "bytesIn") && (typeof m.bytesIn === "object" ? m.bytesIn.low || m.bytesIn.high : m.bytesIn !== 0))
                    w.uint32(16).uint64(m.bytesIn);
                if (m.pcr != null && $Object.hasOwnProperty.call(m, "pcr") && !$Object.is(m.pcr, 0))
                    w.uint32(25).double(m.pcr);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            LargestFlow.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.LargestFlow();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.bytesOut = v;
                            else
                                delete m.bytesOut;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.bytesIn = v;
                            else
                                delete m.bytesIn;
                            continue;
                        }
                    case 3: {
                            if (u !== 1)
                                break;
                            if (!$Object.is(v = r.double(), 0))
                                m.pcr = v;
                            else
                                delete m.pcr;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return LargestFlow;
        })();

        v1.Timeline = (function() {

            const Timeline = function (p) {
                this.bytesOut = [];
                this.bytesIn = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Timeline.prototype.startNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Timeline.prototype.bucketMs = 0;
            Timeline.prototype.bytesOut = $util.emptyArray;
            Timeline.prototype.bytesIn = $util.emptyArray;

            Timeline.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.startNs != null && $Object.hasOwnProperty.call(m, "startNs") && (typeof m.startNs === "object" ? m.startNs.low || m.startNs.high : m.startNs !== 0))
                    w.uint32(9).fixed64(m.startNs);
                if (m.bucketMs != null && $Object.hasOwnProperty.call(m, "bucketMs") && m.bucketMs !== 0)
                    w.uint32(16).uint32(m.bucketMs);
                if (m.bytesOut != null && m.bytesOut.length) {
                    w.uint32(26).uint64s(m.bytesOut);
                }
                if (m.bytesIn != null && m.bytesIn.length) {
                    w.uint32(34).uint64s(m.bytesIn);
                }
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Timeline.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.Timeline();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 1)
                                break;
                            if (typeof (v = r.fixed64()) === "object" ? v.low || v.high : v !== 0)
                                m.startNs = v;
                            else
                                delete m.startNs;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.bucketMs = v;
                            else
                                delete m.bucketMs;
                            continue;
                        }
                    case 3: {
                            if (u === 2) {
                                if (!(m.bytesOut && m.bytesOut.length))
                                    m.bytesOut = [];
                                r.uint64s(m.bytesOut);
                                continue;
                            }
                            if (u !== 0)
                                break;
                            if (!(m.bytesOut && m.bytesOut.length))
                                m.bytesOut = [];
                            m.bytesOut.push(r.uint64());
                            continue;
                        }
                    case 4: {
                            if (u === 2) {
                                if (!(m.bytesIn && m.bytesIn.length))
                                    m.bytesIn = [];
                                r.uint64s(m.bytesIn);
                                continue;
                            }
                            if (u !== 0)
                                break;
                            if (!(m.bytesIn && m.bytesIn.length))
                                m.bytesIn = [];
                            m.bytesIn.push(r.uint64());
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Timeline;
        })();

        v1.Sighting = (function() {

            const Sighting = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Sighting.prototype.kind = "";
            Sighting.prototype.identity = null;
            Sighting.prototype.process = null;
            Sighting.prototype.destination = null;

            Sighting.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.kind != null && $Object.hasOwnProperty.call(m, "kind") && m.kind !== "")
                    w.uint32(10).string(m.kind);
                if (m.identity != null && $Object.hasOwnProperty.call(m, "identity"))
                    $root.freshet.v1.Identity.encode(m.identity, w.uint32(18).fork(), q + 1).ldelim();
                if (m.process != null && $Object.hasOwnProperty.call(m, "process"))
                    $root.freshet.v1.Process.encode(m.process, w.uint32(26).fork(), q + 1).ldelim();
                if (m.destination != null && $Object.hasOwnProperty.call(m, "destination"))
                    $root.freshet.v1.Destination.encode(m.destination, w.uint32(34).fork(), q + 1).ldelim();
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Sighting.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.Sighting();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.kind = v;
                            else
                                delete m.kind;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            m.identity = $root.freshet.v1.Identity.decode(r, r.size(), $undefined, q + 1, m.identity);
                            continue;
                        }
                    case 3: {
                            if (u !== 2)
                                break;
                            m.process = $root.freshet.v1.Process.decode(r, r.size(), $undefined, q + 1, m.process);
                            continue;
                        }
                    case 4: {
                            if (u !== 2)
                                break;
                            m.destination = $root.freshet.v1.Destination.decode(r, r.size(), $undefined, q + 1, m.destination);
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Sighting;
        })();

        v1.PairSummary = (function() {

            const PairSummary = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            PairSummary.prototype.identityKey = "";
            PairSummary.prototype.destination = null;
            PairSummary.prototype.hourNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            PairSummary.prototype.bytesOut = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            PairSummary.prototype.bytesIn = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            PairSummary.prototype.flows = 0;
            PairSummary.prototype.largestFlowOut = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            PairSummary.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.identityKey != null && $Object.hasOwnProperty.call(m, "identityKey") && m.identityKey !== "")
                    w.uint32(10).string(m.identityKey);
                if (m.destination != null && $Object.hasOwnProperty.call(m, "destination"))
                    $root.freshet.v1.Destination.encode(m.destination, w.uint32(18).fork(), q + 1).ldelim();
                if (m.hourNs != null && $Object.hasOwnProperty.call(m, "hourNs") && (typeof m.hourNs === "object" ? m.hourNs.low || m.hourNs.high : m.hourNs !== 0))
                    w.uint32(25).fixed64(m.hourNs);
                if (m.bytesOut != null && $Object.hasOwnProperty.call(m, "bytesOut") && (typeof m.bytesOut === "object" ? m.bytesOut.low || m.bytesOut.high : m.bytesOut !== 0))
                    w.uint32(32).uint64(m.bytesOut);
                if (m.bytesIn != null && $Object.hasOwnProperty.call(m, "bytesIn") && (typeof m.bytesIn === "object" ? m.bytesIn.low || m.bytesIn.high : m.bytesIn !== 0))
                    w.uint32(40).uint64(m.bytesIn);
                if (m.flows != null && $Object.hasOwnProperty.call(m, "flows") && m.flows !== 0)
                    w.uint32(48).uint32(m.flows);
                if (m.largestFlowOut != null && $Object.hasOwnProperty.call(m, "largestFlowOut") && (typeof m.largestFlowOut === "object" ? m.largestFlowOut.low || m.largestFlowOut.high : m.largestFlowOut !== 0))
                    w.uint32(56).uint64(m.largestFlowOut);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            PairSummary.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.PairSummary();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.identityKey = v;
                            else
                                delete m.identityKey;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            m.destination = $root.freshet.v1.Destination.decode(r, r.size(), $undefined, q + 1, m.destination);
                            continue;
                        }
                    case 3: {
                            if (u !== 1)
                                break;
                            if (typeof (v = r.fixed64()) === "object" ? v.low || v.high : v !== 0)
                                m.hourNs = v;
                            else
                                delete m.hourNs;
                            continue;
                        }
                    case 4: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.bytesOut = v;
                            else
                                delete m.bytesOut;
                            continue;
                        }
                    case 5: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.bytesIn = v;
                            else
                                delete m.bytesIn;
                            continue;
                        }
                    case 6: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.flows = v;
                            else
                                delete m.flows;
                            continue;
                        }
                    case 7: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.largestFlowOut = v;
                            else
                                delete m.largestFlowOut;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return PairSummary;
        })();

        v1.Health = (function() {

            const Health = function (p) {
                this.programs = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Health.prototype.kind = "";
            Health.prototype.text = "";
            Health.prototype.count = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Health.prototype.sinceNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Health.prototype.about = "";
            Health.prototype.programs = $util.emptyArray;

            Health.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.kind != null && $Object.hasOwnProperty.call(m, "kind") && m.kind !== "")
                    w.uint32(10).string(m.kind);
                if (m.text != null && $Object.hasOwnProperty.call(m, "text") && m.text !== "")
                    w.uint32(18).string(m.text);
                if (m.count != null && $Object.hasOwnProperty.call(m, "count") && (typeof m.count === "object" ? m.count.low || m.count.high : m.count !== 0))
                    w.uint32(24).uint64(m.count);
                if (m.sinceNs != null && $Object.hasOwnProperty.call(m, "sinceNs") && (typeof m.sinceNs === "object" ? m.sinceNs.low || m.sinceNs.high : m.sinceNs !== 0))
                    w.uint32(33).fixed64(m.sinceNs);
                if (m.about != null && $Object.hasOwnProperty.call(m, "about") && m.about !== "")
                    w.uint32(42).string(m.about);
                if (m.programs != null && m.programs.length) {
                    for (var i = 0; i < m.programs.length; ++i)
                        w.uint32(50).string(m.programs[i]);
                }
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Health.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.Health();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.kind = v;
                            else
                                delete m.kind;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.text = v;
                            else
                                delete m.text;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.count = v;
                            else
                                delete m.count;
                            continue;
                        }
                    case 4: {
                            if (u !== 1)
                                break;
                            if (typeof (v = r.fixed64()) === "object" ? v.low || v.high : v !== 0)
                                m.sinceNs = v;
                            else
                                delete m.sinceNs;
                            continue;
                        }
                    case 5: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.about = v;
                            else
                                delete m.about;
                            continue;
                        }
                    case 6: {
                            if (u !== 2)
                                break;
                            if (!(m.programs && m.programs.length))
                                m.programs = [];
                            m.programs.push(r.stringVerify());
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Health;
        })();

        v1.Live = (function() {

            const Live = function (p) {
                this.top = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Live.prototype.atNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Live.prototype.records = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Live.prototype.execs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Live.prototype.flows = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Live.prototype.processes = 0;
            Live.prototype.openFlows = 0;
            Live.prototype.identities = 0;
            Live.prototype.bytesOut = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Live.prototype.bytesIn = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Live.prototype.unattributedFlows = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Live.prototype.lost = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Live.prototype.outboxItems = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Live.prototype.outboxEvicted = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Live.prototype.alerts = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Live.prototype.degraded = "";
            Live.prototype.top = $util.emptyArray;
            Live.prototype.sources = null;
            Live.prototype.lostSinceNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            Live.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.atNs != null && $Object.hasOwnProperty.call(m, "atNs") && (typeof m.atNs === "object" ? m.atNs.low || m.atNs.high : m.atNs !== 0))
                    w.uint32(9).fixed64(m.atNs);
                if (m.records != null && $Object.hasOwnProperty.call(m, "records") && (typeof m.records === "object" ? m.records.low || m.records.high : m.records !== 0))
                    w.uint32(16).uint64(m.records);
                if (m.execs != null && $Object.hasOwnProperty.call(m, "execs") && (typeof m.execs === "object" ? m.execs.low || m.execs.high : m.execs !== 0))
                    w.uint32(24).uint64(m.execs);
                if (m.flows != null && $Object.hasOwnProperty.call(m, "flows") && (typeof m.flows === "object" ? m.flows.low || m.flows.high : m.flows !== 0))
                    w.uint32(32).uint64(m.flows);
                if (m.processes != null && $Object.hasOwnProperty.call(m, "processes") && m.processes !== 0)
                    w.uint32(40).uint32(m.processes);
                if (m.openFlows != null && $Object.hasOwnProperty.call(m, "openFlows") && m.openFlows !== 0)
                    w.uint32(48).uint32(m.openFlows);
                if (m.identities != null && $Object.hasOwnProperty.call(m, "identities") && m.identities !== 0)
                    w.uint32(56).uint32(m.identities);
                if (m.bytesOut != null && $Object.hasOwnProperty.call(m, "bytesOut") && (typeof m.bytesOut === "object" ? m.bytesOut.low || m.bytesOut.high : m.bytesOut !== 0))
                    w.uint32(64).uint64(m.bytesOut);
                if (m.bytesIn != null && $Object.hasOwnProperty.call(m, "bytesIn") && (typeof m.bytesIn === "object" ? m.bytesIn.low || m.bytesIn.high : m.bytesIn !== 0))
                    w.uint32(72).uint64(m.bytesIn);
                if (m.unattributedFlows != null && $Object.hasOwnProperty.call(m, "unattributedFlows") && (typeof m.unattributedFlows === "object" ? m.unattributedFlows.low || m.unattributedFlows.high : m.unattributedFlows !== 0))
                    w.uint32(80).uint64(m.unattributedFlows);
                if (m.lost != null && $Object.hasOwnProperty.call(m, "lost") && (typeof m.lost === "object" ? m.lost.low || m.lost.high : m.lost !== 0))
                    w.uint32(88).uint64(m.lost);
                if (m.outboxItems != null && $Object.hasOwnProperty.call(m, "outboxItems") && (typeof m.outboxItems === "object" ? m.outboxItems.low || m.outboxItems.high : m.outboxItems !== 0))
                    w.uint32(96).uint64(m.outboxItems);
                if (m.outboxEvicted != null && $Object.hasOwnProperty.call(m, "outboxEvicted") && (typeof m.outboxEvicted === "object" ? m.outboxEvicted.low || m.outboxEvicted.high : m.outboxEvicted !== 0))
                    w.uint32(104).uint64(m.outboxEvicted);
                if (m.alerts != null && $Object.hasOwnProperty.call(m, "alerts") && (typeof m.alerts === "object" ? m.alerts.low || m.alerts.high : m.alerts !== 0))
                    w.uint32(112).uint64(m.alerts);
                if (m.degraded != null && $Object.hasOwnProperty.call(m, "degraded") && m.degraded !== "")
                    w.uint32(122).string(m.degraded);
                if (m.top != null && m.top.length) {
                    for (var i = 0; i < m.top.length; ++i)
                        $root.freshet.v1.LiveFlow.encode(m.top[i], w.uint32(130).fork(), q + 1).ldelim();
                }
                if (m.sources != null && $Object.hasOwnProperty.call(m, "sources"))
                    $root.freshet.v1.LiveSources.encode(m.sources, w.uint32(138).fork(), q + 1).ldelim();
                if (m.lostSinceNs != null && $Object.hasOwnProperty.call(m, "lostSinceNs") && (typeof m.lostSinceNs === "object" ? m.lostSinceNs.low || m.lostSinceNs.high : m.lostSinceNs !== 0))
                    w.uint32(145).fixed64(m.lostSinceNs);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Live.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.Live();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 1)
                                break;
                            if (typeof (v = r.fixed64()) === "object" ? v.low || v.high : v !== 0)
                                m.atNs = v;
                            else
                                delete m.atNs;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.records = v;
                            else
                                delete m.records;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.execs = v;
                            else
                                delete m.execs;
                            continue;
                        }
                    case 4: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.flows = v;
                            else
                                delete m.flows;
                            continue;
                        }
                    case 5: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.processes = v;
                            else
                                delete m.processes;
                            continue;
                        }
                    case 6: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.openFlows = v;
                            else
                                delete m.openFlows;
                            continue;
                        }
                    case 7: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.identities = v;
                            else
                                delete m.identities;
                            continue;
                        }
                    case 8: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.bytesOut = v;
                            else
                                delete m.bytesOut;
                            continue;
                        }
                    case 9: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.bytesIn = v;
                            else
                                delete m.bytesIn;
                            continue;
                        }
                    case 10: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.unattributedFlows = v;
                            else
                                delete m.unattributedFlows;
                            continue;
                        }
                    case 11: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.lost = v;
                            else
                                delete m.lost;
                            continue;
                        }
                    case 12: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.outboxItems = v;
                            else
                                delete m.outboxItems;
                            continue;
                        }
                    case 13: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.outboxEvicted = v;
                            else
                                delete m.outboxEvicted;
                            continue;
                        }
                    case 14: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.alerts = v;
                            else
                                delete m.alerts;
                            continue;
                        }
                    case 15: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.degraded = v;
                            else
                                delete m.degraded;
                            continue;
                        }
                    case 16: {
                            if (u !== 2)
                                break;
                            if (!(m.top && m.top.length))
                                m.top = [];
                            m.top.push($root.freshet.v1.LiveFlow.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    case 17: {
                            if (u !== 2)
                                break;
                            m.sources = $root.freshet.v1.LiveSources.decode(r, r.size(), $undefined, q + 1, m.sources);
                            continue;
                        }
                    case 18: {
                            if (u !== 1)
                                break;
                            if (typeof (v = r.fixed64()) === "object" ? v.low || v.high : v !== 0)
                                m.lostSinceNs = v;
                            else
                                delete m.lostSinceNs;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Live;
        })();

        v1.LiveSources = (function() {

            const LiveSources = function (p) {
                this.forced = [];
                this.text = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            LiveSources.prototype.processes = "";
            LiveSources.prototype.flows = "";
            LiveSources.prototype.filterSilent = false;
            LiveSources.prototype.forced = $util.emptyArray;
            LiveSources.prototype.text = $util.emptyArray;

            LiveSources.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.processes != null && $Object.hasOwnProperty.call(m, "processes") && m.processes !== "")
                    w.uint32(10).string(m.processes);
                if (m.flows != null && $Object.hasOwnProperty.call(m, "flows") && m.flows !== "")
                    w.uint32(18).string(m.flows);
                if (m.filterSilent != null && $Object.hasOwnProperty.call(m, "filterSilent") && m.filterSilent !== false)
                    w.uint32(24).bool(m.filterSilent);
                if (m.forced != null && m.forced.length) {
                    for (var i = 0; i < m.forced.length; ++i)
                        w.uint32(34).string(m.forced[i]);
                }
                if (m.text != null && m.text.length) {
                    for (var i = 0; i < m.text.length; ++i)
                        w.uint32(42).string(m.text[i]);
                }
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            LiveSources.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.LiveSources();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.processes = v;
                            else
                                delete m.processes;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.flows = v;
                            else
                                delete m.flows;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (v = r.bool())
                                m.filterSilent = v;
                            else
                                delete m.filterSilent;
                            continue;
                        }
                    case 4: {
                            if (u !== 2)
                                break;
                            if (!(m.forced && m.forced.length))
                                m.forced = [];
                            m.forced.push(r.stringVerify());
                            continue;
                        }
                    case 5: {
                            if (u !== 2)
                                break;
                            if (!(m.text && m.text.length))
                                m.text = [];
                            m.text.push(r.stringVerify());
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return LiveSources;
        })();

        v1.LiveFlow = (function() {

            const LiveFlow = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            LiveFlow.prototype.name = "";
            LiveFlow.prototype.destination = "";
            LiveFlow.prototype.bytesOut = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            LiveFlow.prototype.bytesIn = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            LiveFlow.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.name != null && $Object.hasOwnProperty.call(m, "name") && m.name !== "")
                    w.uint32(10).string(m.name);
                if (m.destination != null && $Object.hasOwnProperty.call(m, "destination") && m.destination !== "")
                    w.uint32(18).string(m.destination);
                if (m.bytesOut != null && $Object.hasOwnProperty.call(m, "bytesOut") && (typeof m.bytesOut === "object" ? m.bytesOut.low || m.bytesOut.high : m.bytesOut !== 0))
                    w.uint32(24).uint64(m.bytesOut);
                if (m.bytesIn != null && $Object.hasOwnProperty.call(m, "bytesIn") && (typeof m.bytesIn === "object" ? m.bytesIn.low || m.bytesIn.high : m.bytesIn !== 0))
                    w.uint32(32).uint64(m.bytesIn);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            LiveFlow.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.LiveFlow();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.name = v;
                            else
                                delete m.name;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.destination = v;
                            else
                                delete m.destination;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.bytesOut = v;
                            else
                                delete m.bytesOut;
                            continue;
                        }
                    case 4: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.bytesIn = v;
                            else
                                delete m.bytesIn;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return LiveFlow;
        })();

        v1.EnrollRequest = (function() {

            const EnrollRequest = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            EnrollRequest.prototype.token = "";
            EnrollRequest.prototype.request = $util.newBuffer([]);
            EnrollRequest.prototype.hardware = $util.newBuffer([]);
            EnrollRequest.prototype.agentVersion = "";
            EnrollRequest.prototype.host = null;

            EnrollRequest.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.token != null && $Object.hasOwnProperty.call(m, "token") && m.token !== "")
                    w.uint32(10).string(m.token);
                if (m.request != null && $Object.hasOwnProperty.call(m, "request") && m.request.length)
                    w.uint32(18).bytes(m.request);
                if (m.hardware != null && $Object.hasOwnProperty.call(m, "hardware") && m.hardware.length)
                    w.uint32(26).bytes(m.hardware);
                if (m.agentVersion != null && $Object.hasOwnProperty.call(m, "agentVersion") && m.agentVersion !== "")
                    w.uint32(34).string(m.agentVersion);
                if (m.host != null && $Object.hasOwnProperty.call(m, "host"))
                    $root.freshet.v1.Host.encode(m.host, w.uint32(42).fork(), q + 1).ldelim();
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            EnrollRequest.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.EnrollRequest();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.token = v;
                            else
                                delete m.token;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.bytes()).length)
                                m.request = v;
                            else
                                delete m.request;
                            continue;
                        }
                    case 3: {
                            if (u !== 2)
                                break;
                            if ((v = r.bytes()).length)
                                m.hardware = v;
                            else
                                delete m.hardware;
                            continue;
                        }
                    case 4: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.agentVersion = v;
                            else
                                delete m.agentVersion;
                            continue;
                        }
                    case 5: {
                            if (u !== 2)
                                break;
                            m.host = $root.freshet.v1.Host.decode(r, r.size(), $undefined, q + 1, m.host);
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return EnrollRequest;
        })();

        v1.EnrollResponse = (function() {

            const EnrollResponse = function (p) {
                this.authorities = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            EnrollResponse.prototype.certificate = $util.newBuffer([]);
            EnrollResponse.prototype.authorities = $util.emptyArray;
            EnrollResponse.prototype.group = "";

            EnrollResponse.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.certificate != null && $Object.hasOwnProperty.call(m, "certificate") && m.certificate.length)
                    w.uint32(10).bytes(m.certificate);
                if (m.authorities != null && m.authorities.length) {
                    for (var i = 0; i < m.authorities.length; ++i)
                        w.uint32(18).bytes(m.authorities[i]);
                }
                if (m.group != null && $Object.hasOwnProperty.call(m, "group") && m.group !== "")
                    w.uint32(26).string(m.group);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            EnrollResponse.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.EnrollResponse();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.bytes()).length)
                                m.certificate = v;
                            else
                                delete m.certificate;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if (!(m.authorities && m.authorities.length))
                                m.authorities = [];
                            m.authorities.push(r.bytes());
                            continue;
                        }
                    case 3: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.group = v;
                            else
                                delete m.group;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return EnrollResponse;
        })();

        v1.Renew = (function() {

            const Renew = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Renew.prototype.request = $util.newBuffer([]);

            Renew.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.request != null && $Object.hasOwnProperty.call(m, "request") && m.request.length)
                    w.uint32(10).bytes(m.request);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Renew.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.Renew();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.bytes()).length)
                                m.request = v;
                            else
                                delete m.request;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Renew;
        })();

        v1.Renewed = (function() {

            const Renewed = function (p) {
                this.authorities = [];
                this.vouched = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Renewed.prototype.certificate = $util.newBuffer([]);
            Renewed.prototype.authorities = $util.emptyArray;
            Renewed.prototype.vouched = $util.emptyArray;

            Renewed.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.certificate != null && $Object.hasOwnProperty.call(m, "certificate") && m.certificate.length)
                    w.uint32(10).bytes(m.certificate);
                if (m.authorities != null && m.authorities.length) {
                    for (var i = 0; i < m.authorities.length; ++i)
                        w.uint32(18).bytes(m.authorities[i]);
                }
                if (m.vouched != null && m.vouched.length) {
                    for (var i = 0; i < m.vouched.length; ++i)
                        w.uint32(26).bytes(m.vouched[i]);
                }
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Renewed.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.Renewed();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.bytes()).length)
                                m.certificate = v;
                            else
                                delete m.certificate;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if (!(m.authorities && m.authorities.length))
                                m.authorities = [];
                            m.authorities.push(r.bytes());
                            continue;
                        }
                    case 3: {
                            if (u !== 2)
                                break;
                            if (!(m.vouched && m.vouched.length))
                                m.vouched = [];
                            m.vouched.push(r.bytes());
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Renewed;
        })();

        v1.SignedPolicy = (function() {

            const SignedPolicy = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            SignedPolicy.prototype.payload = $util.newBuffer([]);
            SignedPolicy.prototype.signature = $util.newBuffer([]);
            SignedPolicy.prototype.keyId = $util.newBuffer([]);

            SignedPolicy.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.payload != null && $Object.hasOwnProperty.call(m, "payload") && m.payload.length)
                    w.uint32(10).bytes(m.payload);
                if (m.signature != null && $Object.hasOwnProperty.call(m, "signature") && m.signature.length)
                    w.uint32(18).bytes(m.signature);
                if (m.keyId != null && $Object.hasOwnProperty.call(m, "keyId") && m.keyId.length)
                    w.uint32(26).bytes(m.keyId);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            SignedPolicy.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.SignedPolicy();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.bytes()).length)
                                m.payload = v;
                            else
                                delete m.payload;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.bytes()).length)
                                m.signature = v;
                            else
                                delete m.signature;
                            continue;
                        }
                    case 3: {
                            if (u !== 2)
                                break;
                            if ((v = r.bytes()).length)
                                m.keyId = v;
                            else
                                delete m.keyId;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return SignedPolicy;
        })();

        v1.PolicyPayload = (function() {

            const PolicyPayload = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            PolicyPayload.prototype.kind = 0;
            PolicyPayload.prototype.version = 0;
            PolicyPayload.prototype.madeAtNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            PolicyPayload.prototype.notAfterNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            PolicyPayload.prototype.leastAgent = "";
            PolicyPayload.prototype.target = null;
            PolicyPayload.prototype.content = $util.newBuffer([]);

            PolicyPayload.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.kind != null && $Object.hasOwnProperty.call(m, "kind") && m.kind !== 0)
                    w.uint32(8).uint32(m.kind);
                if (m.version != null && $Object.hasOwnProperty.call(m, "version") && m.version !== 0)
                    w.uint32(16).uint32(m.version);
                if (m.madeAtNs != null && $Object.hasOwnProperty.call(m, "madeAtNs") && (typeof m.madeAtNs === "object" ? m.madeAtNs.low || m.madeAtNs.high : m.madeAtNs !== 0))
                    w.uint32(25).fixed64(m.madeAtNs);
                if (m.notAfterNs != null && $Object.hasOwnProperty.call(m, "notAfterNs") && (typeof m.notAfterNs === "object" ? m.notAfterNs.low || m.notAfterNs.high : m.notAfterNs !== 0))
                    w.uint32(33).fixed64(m.notAfterNs);
                if (m.leastAgent != null && $Object.hasOwnProperty.call(m, "leastAgent") && m.leastAgent !== "")
                    w.uint32(42).string(m.leastAgent);
                if (m.target != null && $Object.hasOwnProperty.call(m, "target"))
                    $root.freshet.v1.PolicyTarget.encode(m.target, w.uint32(50).fork(), q + 1).ldelim();
                if (m.content != null && $Object.hasOwnProperty.call(m, "content") && m.content.length)
                    w.uint32(58).bytes(m.content);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            PolicyPayload.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.PolicyPayload();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.kind = v;
                            else
                                delete m.kind;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.version = v;
                            else
                                delete m.version;
                            continue;
                        }
                    case 3: {
                            if (u !== 1)
                                break;
                            if (typeof (v = r.fixed64()) === "object" ? v.low || v.high : v !== 0)
                                m.madeAtNs = v;
                            else
                                delete m.madeAtNs;
                            continue;
                        }
                    case 4: {
                            if (u !== 1)
                                break;
                            if (typeof (v = r.fixed64()) === "object" ? v.low || v.high : v !== 0)
                                m.notAfterNs = v;
                            else
                                delete m.notAfterNs;
                            continue;
                        }
                    case 5: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.leastAgent = v;
                            else
                                delete m.leastAgent;
                            continue;
                        }
                    case 6: {
                            if (u !== 2)
                                break;
                            m.target = $root.freshet.v1.PolicyTarget.decode(r, r.size(), $undefined, q + 1, m.target);
                            continue;
                        }
                    case 7: {
                            if (u !== 2)
                                break;
                            if ((v = r.bytes()).length)
                                m.content = v;
                            else
                                delete m.content;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return PolicyPayload;
        })();

        v1.PolicyTarget = (function() {

            const PolicyTarget = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            PolicyTarget.prototype.group = "";
            PolicyTarget.prototype.device = "";
            PolicyTarget.prototype.sharePercent = 0;

            PolicyTarget.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.group != null && $Object.hasOwnProperty.call(m, "group") && m.group !== "")
                    w.uint32(10).string(m.group);
                if (m.device != null && $Object.hasOwnProperty.call(m, "device") && m.device !== "")
                    w.uint32(18).string(m.device);
                if (m.sharePercent != null && $Object.hasOwnProperty.call(m, "sharePercent") && m.sharePercent !== 0)
                    w.uint32(24).uint32(m.sharePercent);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            PolicyTarget.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.PolicyTarget();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.group = v;
                            else
                                delete m.group;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.device = v;
                            else
                                delete m.device;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.sharePercent = v;
                            else
                                delete m.sharePercent;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return PolicyTarget;
        })();

        v1.PolicyPush = (function() {

            const PolicyPush = function (p) {
                this.documents = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            PolicyPush.prototype.group = "";
            PolicyPush.prototype.documents = $util.emptyArray;

            PolicyPush.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.group != null && $Object.hasOwnProperty.call(m, "group") && m.group !== "")
                    w.uint32(10).string(m.group);
                if (m.documents != null && m.documents.length) {
                    for (var i = 0; i < m.documents.length; ++i)
                        w.uint32(18).bytes(m.documents[i]);
                }
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            PolicyPush.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.PolicyPush();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.group = v;
                            else
                                delete m.group;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if (!(m.documents && m.documents.length))
                                m.documents = [];
                            m.documents.push(r.bytes());
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return PolicyPush;
        })();

        v1.PolicyReport = (function() {

            const PolicyReport = function (p) {
                this.documents = [];
                this.suppressions = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            PolicyReport.prototype.keyId = $util.newBuffer([]);
            PolicyReport.prototype.source = "";
            PolicyReport.prototype.group = "";
            PolicyReport.prototype.documents = $util.emptyArray;
            PolicyReport.prototype.suppressed = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            PolicyReport.prototype.suppressions = $util.emptyArray;

            PolicyReport.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.keyId != null && $Object.hasOwnProperty.call(m, "keyId") && m.keyId.length)
                    w.uint32(10).bytes(m.keyId);
                if (m.source != null && $Object.hasOwnProperty.call(m, "source") && m.source !== "")
                    w.uint32(18).string(m.source);
                if (m.group != null && $Object.hasOwnProperty.call(m, "group") && m.group !== "")
                    w.uint32(26).string(m.group);
                if (m.documents != null && m.documents.length) {
                    for (var i = 0; i < m.documents.length; ++i)
                        $root.freshet.v1.DocumentReport.encode(m.documents[i], w.uint32(34).fork(), q + 1).ldelim();
                }
                if (m.suppressed != null && $Object.hasOwnProperty.call(m, "suppressed") && (typeof m.suppressed === "object" ? m.suppressed.low || m.suppressed.high : m.suppressed !== 0))
                    w.uint32(40).uint64(m.suppressed);
                if (m.suppressions != null && m.suppressions.length) {
                    for (var i = 0; i < m.suppressions.length; ++i)
                        $root.freshet.v1.Suppression.encode(m.suppressions[i], w.uint32(50).fork(), q + 1).ldelim();
                }
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            PolicyReport.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.PolicyReport();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.bytes()).length)
                                m.keyId = v;
                            else
                                delete m.keyId;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.source = v;
                            else
                                delete m.source;
                            continue;
                        }
                    case 3: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.group = v;
                            else
                                delete m.group;
                            continue;
                        }
                    case 4: {
                            if (u !== 2)
                                break;
                            if (!(m.documents && m.documents.length))
                                m.documents = [];
                            m.documents.push($root.freshet.v1.DocumentReport.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    case 5: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.suppressed = v;
                            else
                                delete m.suppressed;
                            continue;
                        }
                    case 6: {
                            if (u !== 2)
                                break;
                            if (!(m.suppressions && m.suppressions.length))
                                m.suppressions = [];
                            m.suppressions.push($root.freshet.v1.Suppression.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return PolicyReport;
        })();

        v1.DocumentReport = (function() {

            const DocumentReport = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            DocumentReport.prototype.kind = 0;
            DocumentReport.prototype.version = 0;
            DocumentReport.prototype.receivedVersion = 0;
            DocumentReport.prototype.state = "";
            DocumentReport.prototype.code = "";
            DocumentReport.prototype.text = "";
            DocumentReport.prototype.clamped = 0;
            DocumentReport.prototype.atNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            DocumentReport.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.kind != null && $Object.hasOwnProperty.call(m, "kind") && m.kind !== 0)
                    w.uint32(8).uint32(m.kind);
                if (m.version != null && $Object.hasOwnProperty.call(m, "version") && m.version !== 0)
                    w.uint32(16).uint32(m.version);
                if (m.receivedVersion != null && $Object.hasOwnProperty.call(m, "receivedVersion") && m.receivedVersion !== 0)
                    w.uint32(24).uint32(m.receivedVersion);
                if (m.state != null && $Object.hasOwnProperty.call(m, "state") && m.state !== "")
                    w.uint32(34).string(m.state);
                if (m.code != null && $Object.hasOwnProperty.call(m, "code") && m.code !== "")
                    w.uint32(42).string(m.code);
                if (m.text != null && $Object.hasOwnProperty.call(m, "text") && m.text !== "")
                    w.uint32(50).string(m.text);
                if (m.clamped != null && $Object.hasOwnProperty.call(m, "clamped") && m.clamped !== 0)
                    w.uint32(56).uint32(m.clamped);
                if (m.atNs != null && $Object.hasOwnProperty.call(m, "atNs") && (typeof m.atNs === "object" ? m.atNs.low || m.atNs.high : m.atNs !== 0))
                    w.uint32(65).fixed64(m.atNs);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            DocumentReport.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.DocumentReport();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.kind = v;
                            else
                                delete m.kind;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.version = v;
                            else
                                delete m.version;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.receivedVersion = v;
                            else
                                delete m.receivedVersion;
                            continue;
                        }
                    case 4: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.state = v;
                            else
                                delete m.state;
                            continue;
                        }
                    case 5: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.code = v;
                            else
                                delete m.code;
                            continue;
                        }
                    case 6: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.text = v;
                            else
                                delete m.text;
                            continue;
                        }
                    case 7: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.clamped = v;
                            else
                                delete m.clamped;
                            continue;
                        }
                    case 8: {
                            if (u !== 1)
                                break;
                            if (typeof (v = r.fixed64()) === "object" ? v.low || v.high : v !== 0)
                                m.atNs = v;
                            else
                                delete m.atNs;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return DocumentReport;
        })();

        v1.Suppression = (function() {

            const Suppression = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Suppression.prototype.rule = "";
            Suppression.prototype.count = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            Suppression.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.rule != null && $Object.hasOwnProperty.call(m, "rule") && m.rule !== "")
                    w.uint32(10).string(m.rule);
                if (m.count != null && $Object.hasOwnProperty.call(m, "count") && (typeof m.count === "object" ? m.count.low || m.count.high : m.count !== 0))
                    w.uint32(16).uint64(m.count);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Suppression.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.Suppression();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.rule = v;
                            else
                                delete m.rule;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.count = v;
                            else
                                delete m.count;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Suppression;
        })();

        v1.Reenrol = (function() {

            const Reenrol = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Reenrol.prototype.token = "";
            Reenrol.prototype.reason = "";

            Reenrol.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.token != null && $Object.hasOwnProperty.call(m, "token") && m.token !== "")
                    w.uint32(10).string(m.token);
                if (m.reason != null && $Object.hasOwnProperty.call(m, "reason") && m.reason !== "")
                    w.uint32(18).string(m.reason);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Reenrol.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.Reenrol();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.token = v;
                            else
                                delete m.token;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.reason = v;
                            else
                                delete m.reason;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Reenrol;
        })();

        v1.Reenrolling = (function() {

            const Reenrolling = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Reenrolling.prototype.asked = null;
            Reenrolling.prototype.given = null;

            Reenrolling.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.asked != null && $Object.hasOwnProperty.call(m, "asked"))
                    $root.freshet.v1.EnrollRequest.encode(m.asked, w.uint32(10).fork(), q + 1).ldelim();
                if (m.given != null && $Object.hasOwnProperty.call(m, "given"))
                    $root.freshet.v1.EnrollResponse.encode(m.given, w.uint32(18).fork(), q + 1).ldelim();
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Reenrolling.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.Reenrolling();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            m.asked = $root.freshet.v1.EnrollRequest.decode(r, r.size(), $undefined, q + 1, m.asked);
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            m.given = $root.freshet.v1.EnrollResponse.decode(r, r.size(), $undefined, q + 1, m.given);
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Reenrolling;
        })();

        v1.Authorities = (function() {

            const Authorities = function (p) {
                this.sha256 = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Authorities.prototype.sha256 = $util.emptyArray;

            Authorities.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.sha256 != null && m.sha256.length) {
                    for (var i = 0; i < m.sha256.length; ++i)
                        w.uint32(10).bytes(m.sha256[i]);
                }
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Authorities.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.freshet.v1.Authorities();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if (!(m.sha256 && m.sha256.length))
                                m.sha256 = [];
                            m.sha256.push(r.bytes());
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Authorities;
        })();

        return v1;
    })();

    return freshet;
})();

export {
  $root as default
};
