/*eslint-disable block-scoped-var, id-length, no-control-regex, no-magic-numbers, no-mixed-operators, no-prototype-builtins, no-redeclare, no-shadow, no-var, sort-vars, default-case, jsdoc/require-param*/
import $protobuf from "protobufjs/minimal.js";

// Common aliases
const $Reader = $protobuf.Reader, $Writer = $protobuf.Writer, $util = $protobuf.util;
const $Object = $util.global.Object, $undefined = $util.global.undefined, $Error = $util.global.Error, $RangeError = $util.global.RangeError;

// Exported root namespace
const $root = $protobuf.roots["default"] || ($protobuf.roots["default"] = {});

export const freshet = $root.freshet = (() => {

    /**
     * Namespace freshet.
     * @exports freshet
     * @namespace
     */
    const freshet = {};

    freshet.v1 = (function() {

        /**
         * Namespace v1.
         * @memberof freshet
         * @namespace
         */
        const v1 = {};

        v1.Envelope = (function() {

            /**
             * Properties of an Envelope.
             * @typedef {Object} freshet.v1.Envelope.$Properties
             * @property {freshet.v1.Hello.$Properties|null} [hello] Envelope hello
             * @property {freshet.v1.Welcome.$Properties|null} [welcome] Envelope welcome
             * @property {freshet.v1.Batch.$Properties|null} [batch] Envelope batch
             * @property {freshet.v1.Ack.$Properties|null} [ack] Envelope ack
             * @property {freshet.v1.Live.$Properties|null} [live] Envelope live
             * @property {freshet.v1.Goodbye.$Properties|null} [goodbye] Envelope goodbye
             * @property {"hello"|"welcome"|"batch"|"ack"|"live"|"goodbye"} [body] Envelope body
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an Envelope.
             * @memberof freshet.v1
             * @interface IEnvelope
             * @augments freshet.v1.Envelope.$Properties
             * @deprecated Use freshet.v1.Envelope.$Properties instead.
             */

            /**
             * Narrowed shape of an Envelope.
             * @typedef {{
             *   hello?: freshet.v1.Hello.$Shape|null;
             *   welcome?: freshet.v1.Welcome.$Shape|null;
             *   batch?: freshet.v1.Batch.$Shape|null;
             *   ack?: freshet.v1.Ack.$Shape|null;
             *   live?: freshet.v1.Live.$Shape|null;
             *   goodbye?: freshet.v1.Goodbye.$Shape|null;
             *   $unknowns?: Array.<Uint8Array>;
             * } & (
             *   ({ body?: undefined; hello?: null; welcome?: null; batch?: null; ack?: null; live?: null; goodbye?: null }|{ body?: "hello"; hello: freshet.v1.Hello.$Shape; welcome?: null; batch?: null; ack?: null; live?: null; goodbye?: null }|{ body?: "welcome"; hello?: null; welcome: freshet.v1.Welcome.$Shape; batch?: null; ack?: null; live?: null; goodbye?: null }|{ body?: "batch"; hello?: null; welcome?: null; batch: freshet.v1.Batch.$Shape; ack?: null; live?: null; goodbye?: null }|{ body?: "ack"; hello?: null; welcome?: null; batch?: null; ack: freshet.v1.Ack.$Shape; live?: null; goodbye?: null }|{ body?: "live"; hello?: null; welcome?: null; batch?: null; ack?: null; live: freshet.v1.Live.$Shape; goodbye?: null }|{ body?: "goodbye"; hello?: null; welcome?: null; batch?: null; ack?: null; live?: null; goodbye: freshet.v1.Goodbye.$Shape })
             * )} freshet.v1.Envelope.$Shape
             */

            /**
             * Constructs a new Envelope.
             * @memberof freshet.v1
             * @classdesc Represents an Envelope.
             * @constructor
             * @param {freshet.v1.Envelope.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Envelope = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Envelope hello.
             * @member {freshet.v1.Hello.$Properties|null|undefined} hello
             * @memberof freshet.v1.Envelope
             * @instance
             */
            Envelope.prototype.hello = null;

            /**
             * Envelope welcome.
             * @member {freshet.v1.Welcome.$Properties|null|undefined} welcome
             * @memberof freshet.v1.Envelope
             * @instance
             */
            Envelope.prototype.welcome = null;

            /**
             * Envelope batch.
             * @member {freshet.v1.Batch.$Properties|null|undefined} batch
             * @memberof freshet.v1.Envelope
             * @instance
             */
            Envelope.prototype.batch = null;

            /**
             * Envelope ack.
             * @member {freshet.v1.Ack.$Properties|null|undefined} ack
             * @memberof freshet.v1.Envelope
             * @instance
             */
            Envelope.prototype.ack = null;

            /**
             * Envelope live.
             * @member {freshet.v1.Live.$Properties|null|undefined} live
             * @memberof freshet.v1.Envelope
             * @instance
             */
            Envelope.prototype.live = null;

            /**
             * Envelope goodbye.
             * @member {freshet.v1.Goodbye.$Properties|null|undefined} goodbye
             * @memberof freshet.v1.Envelope
             * @instance
             */
            Envelope.prototype.goodbye = null;

            // OneOf field names bound to virtual getters and setters
            let $oneOfFields;

            /**
             * Envelope body.
             * @member {"hello"|"welcome"|"batch"|"ack"|"live"|"goodbye"|undefined} body
             * @memberof freshet.v1.Envelope
             * @instance
             */
            $Object.defineProperty(Envelope.prototype, "body", {
                get: $util.oneOfGetter($oneOfFields = ["hello", "welcome", "batch", "ack", "live", "goodbye"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            /**
             * Encodes the specified Envelope message. Does not implicitly {@link freshet.v1.Envelope.verify|verify} messages.
             * @function encode
             * @memberof freshet.v1.Envelope
             * @static
             * @param {freshet.v1.Envelope.$Properties} message Envelope message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Envelope.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.hello != null && $Object.hasOwnProperty.call(message, "hello"))
                    $root.freshet.v1.Hello.encode(message.hello, writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
                if (message.welcome != null && $Object.hasOwnProperty.call(message, "welcome"))
                    $root.freshet.v1.Welcome.encode(message.welcome, writer.uint32(/* id 2, wireType 2 =*/18).fork(), _depth + 1).ldelim();
                if (message.batch != null && $Object.hasOwnProperty.call(message, "batch"))
                    $root.freshet.v1.Batch.encode(message.batch, writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
                if (message.ack != null && $Object.hasOwnProperty.call(message, "ack"))
                    $root.freshet.v1.Ack.encode(message.ack, writer.uint32(/* id 4, wireType 2 =*/34).fork(), _depth + 1).ldelim();
                if (message.live != null && $Object.hasOwnProperty.call(message, "live"))
                    $root.freshet.v1.Live.encode(message.live, writer.uint32(/* id 5, wireType 2 =*/42).fork(), _depth + 1).ldelim();
                if (message.goodbye != null && $Object.hasOwnProperty.call(message, "goodbye"))
                    $root.freshet.v1.Goodbye.encode(message.goodbye, writer.uint32(/* id 6, wireType 2 =*/50).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an Envelope message from the specified reader or buffer.
             * @function decode
             * @memberof freshet.v1.Envelope
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {freshet.v1.Envelope & freshet.v1.Envelope.$Shape} Envelope
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Envelope.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.freshet.v1.Envelope();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            message.hello = $root.freshet.v1.Hello.decode(reader, reader.size(), $undefined, _depth + 1, message.hello);
                            message.body = "hello";
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            message.welcome = $root.freshet.v1.Welcome.decode(reader, reader.size(), $undefined, _depth + 1, message.welcome);
                            message.body = "welcome";
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            message.batch = $root.freshet.v1.Batch.decode(reader, reader.size(), $undefined, _depth + 1, message.batch);
                            message.body = "batch";
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            message.ack = $root.freshet.v1.Ack.decode(reader, reader.size(), $undefined, _depth + 1, message.ack);
                            message.body = "ack";
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            message.live = $root.freshet.v1.Live.decode(reader, reader.size(), $undefined, _depth + 1, message.live);
                            message.body = "live";
                            continue;
                        }
                    case 6: {
                            if (wireType !== 2)
                                break;
                            message.goodbye = $root.freshet.v1.Goodbye.decode(reader, reader.size(), $undefined, _depth + 1, message.goodbye);
                            message.body = "goodbye";
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            /**
             * Gets the type url for Envelope
             * @function getTypeUrl
             * @memberof freshet.v1.Envelope
             * @static
             * @param {string} [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns {string} The type url
             */
            Envelope.getTypeUrl = function(prefix) {
                if (prefix === $undefined)
                    prefix = "type.googleapis.com";
                return prefix + "/freshet.v1.Envelope";
            };

            return Envelope;
        })();

        v1.Hello = (function() {

            /**
             * Properties of a Hello.
             * @typedef {Object} freshet.v1.Hello.$Properties
             * @property {string|null} [deviceId] Hello deviceId
             * @property {string|null} [agentVersion] Hello agentVersion
             * @property {Long|null} [sentAtNs] Hello sentAtNs
             * @property {Long|null} [capabilities] Hello capabilities
             * @property {freshet.v1.Host.$Properties|null} [host] Hello host
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Hello.
             * @memberof freshet.v1
             * @interface IHello
             * @augments freshet.v1.Hello.$Properties
             * @deprecated Use freshet.v1.Hello.$Properties instead.
             */

            /**
             * Shape of a Hello.
             * @typedef {freshet.v1.Hello.$Properties} freshet.v1.Hello.$Shape
             */

            /**
             * Constructs a new Hello.
             * @memberof freshet.v1
             * @classdesc Represents a Hello.
             * @constructor
             * @param {freshet.v1.Hello.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Hello = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Hello deviceId.
             * @member {string} deviceId
             * @memberof freshet.v1.Hello
             * @instance
             */
            Hello.prototype.deviceId = "";

            /**
             * Hello agentVersion.
             * @member {string} agentVersion
             * @memberof freshet.v1.Hello
             * @instance
             */
            Hello.prototype.agentVersion = "";

            /**
             * Hello sentAtNs.
             * @member {Long} sentAtNs
             * @memberof freshet.v1.Hello
             * @instance
             */
            Hello.prototype.sentAtNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Hello capabilities.
             * @member {Long} capabilities
             * @memberof freshet.v1.Hello
             * @instance
             */
            Hello.prototype.capabilities = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Hello host.
             * @member {freshet.v1.Host.$Properties|null|undefined} host
             * @memberof freshet.v1.Hello
             * @instance
             */
            Hello.prototype.host = null;

            /**
             * Encodes the specified Hello message. Does not implicitly {@link freshet.v1.Hello.verify|verify} messages.
             * @function encode
             * @memberof freshet.v1.Hello
             * @static
             * @param {freshet.v1.Hello.$Properties} message Hello message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Hello.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.deviceId != null && $Object.hasOwnProperty.call(message, "deviceId") && message.deviceId !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.deviceId);
                if (message.agentVersion != null && $Object.hasOwnProperty.call(message, "agentVersion") && message.agentVersion !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.agentVersion);
                if (message.sentAtNs != null && $Object.hasOwnProperty.call(message, "sentAtNs") && (typeof message.sentAtNs === "object" ? message.sentAtNs.low || message.sentAtNs.high : message.sentAtNs !== 0))
                    writer.uint32(/* id 3, wireType 1 =*/25).fixed64(message.sentAtNs);
                if (message.capabilities != null && $Object.hasOwnProperty.call(message, "capabilities") && (typeof message.capabilities === "object" ? message.capabilities.low || message.capabilities.high : message.capabilities !== 0))
                    writer.uint32(/* id 4, wireType 0 =*/32).uint64(message.capabilities);
                if (message.host != null && $Object.hasOwnProperty.call(message, "host"))
                    $root.freshet.v1.Host.encode(message.host, writer.uint32(/* id 5, wireType 2 =*/42).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Hello message from the specified reader or buffer.
             * @function decode
             * @memberof freshet.v1.Hello
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {freshet.v1.Hello & freshet.v1.Hello.$Shape} Hello
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Hello.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.freshet.v1.Hello();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.deviceId = value;
                            else
                                delete message.deviceId;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.agentVersion = value;
                            else
                                delete message.agentVersion;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 1)
                                break;
                            if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                message.sentAtNs = value;
                            else
                                delete message.sentAtNs;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.capabilities = value;
                            else
                                delete message.capabilities;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            message.host = $root.freshet.v1.Host.decode(reader, reader.size(), $undefined, _depth + 1, message.host);
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            /**
             * Gets the type url for Hello
             * @function getTypeUrl
             * @memberof freshet.v1.Hello
             * @static
             * @param {string} [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns {string} The type url
             */
            Hello.getTypeUrl = function(prefix) {
                if (prefix === $undefined)
                    prefix = "type.googleapis.com";
                return prefix + "/freshet.v1.Hello";
            };

            return Hello;
        })();

        v1.Host = (function() {

            /**
             * Properties of a Host.
             * @typedef {Object} freshet.v1.Host.$Properties
             * @property {string|null} [hostname] Host hostname
             * @property {string|null} [os] Host os
             * @property {string|null} [osVersion] Host osVersion
             * @property {string|null} [osBuild] Host osBuild
             * @property {string|null} [hardware] Host hardware
             * @property {string|null} [arch] Host arch
             * @property {string|null} [bootId] Host bootId
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Host.
             * @memberof freshet.v1
             * @interface IHost
             * @augments freshet.v1.Host.$Properties
             * @deprecated Use freshet.v1.Host.$Properties instead.
             */

            /**
             * Shape of a Host.
             * @typedef {freshet.v1.Host.$Properties} freshet.v1.Host.$Shape
             */

            /**
             * Constructs a new Host.
             * @memberof freshet.v1
             * @classdesc Represents a Host.
             * @constructor
             * @param {freshet.v1.Host.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Host = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Host hostname.
             * @member {string} hostname
             * @memberof freshet.v1.Host
             * @instance
             */
            Host.prototype.hostname = "";

            /**
             * Host os.
             * @member {string} os
             * @memberof freshet.v1.Host
             * @instance
             */
            Host.prototype.os = "";

            /**
             * Host osVersion.
             * @member {string} osVersion
             * @memberof freshet.v1.Host
             * @instance
             */
            Host.prototype.osVersion = "";

            /**
             * Host osBuild.
             * @member {string} osBuild
             * @memberof freshet.v1.Host
             * @instance
             */
            Host.prototype.osBuild = "";

            /**
             * Host hardware.
             * @member {string} hardware
             * @memberof freshet.v1.Host
             * @instance
             */
            Host.prototype.hardware = "";

            /**
             * Host arch.
             * @member {string} arch
             * @memberof freshet.v1.Host
             * @instance
             */
            Host.prototype.arch = "";

            /**
             * Host bootId.
             * @member {string} bootId
             * @memberof freshet.v1.Host
             * @instance
             */
            Host.prototype.bootId = "";

            /**
             * Encodes the specified Host message. Does not implicitly {@link freshet.v1.Host.verify|verify} messages.
             * @function encode
             * @memberof freshet.v1.Host
             * @static
             * @param {freshet.v1.Host.$Properties} message Host message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Host.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.hostname != null && $Object.hasOwnProperty.call(message, "hostname") && message.hostname !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.hostname);
                if (message.os != null && $Object.hasOwnProperty.call(message, "os") && message.os !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.os);
                if (message.osVersion != null && $Object.hasOwnProperty.call(message, "osVersion") && message.osVersion !== "")
                    writer.uint32(/* id 3, wireType 2 =*/26).string(message.osVersion);
                if (message.osBuild != null && $Object.hasOwnProperty.call(message, "osBuild") && message.osBuild !== "")
                    writer.uint32(/* id 4, wireType 2 =*/34).string(message.osBuild);
                if (message.hardware != null && $Object.hasOwnProperty.call(message, "hardware") && message.hardware !== "")
                    writer.uint32(/* id 5, wireType 2 =*/42).string(message.hardware);
                if (message.arch != null && $Object.hasOwnProperty.call(message, "arch") && message.arch !== "")
                    writer.uint32(/* id 6, wireType 2 =*/50).string(message.arch);
                if (message.bootId != null && $Object.hasOwnProperty.call(message, "bootId") && message.bootId !== "")
                    writer.uint32(/* id 7, wireType 2 =*/58).string(message.bootId);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Host message from the specified reader or buffer.
             * @function decode
             * @memberof freshet.v1.Host
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {freshet.v1.Host & freshet.v1.Host.$Shape} Host
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Host.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.freshet.v1.Host();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.hostname = value;
                            else
                                delete message.hostname;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.os = value;
                            else
                                delete message.os;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.osVersion = value;
                            else
                                delete message.osVersion;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.osBuild = value;
                            else
                                delete message.osBuild;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.hardware = value;
                            else
                                delete message.hardware;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.arch = value;
                            else
                                delete message.arch;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.bootId = value;
                            else
                                delete message.bootId;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            /**
             * Gets the type url for Host
             * @function getTypeUrl
             * @memberof freshet.v1.Host
             * @static
             * @param {string} [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns {string} The type url
             */
            Host.getTypeUrl = function(prefix) {
                if (prefix === $undefined)
                    prefix = "type.googleapis.com";
                return prefix + "/freshet.v1.Host";
            };

            return Host;
        })();

        v1.Welcome = (function() {

            /**
             * Properties of a Welcome.
             * @typedef {Object} freshet.v1.Welcome.$Properties
             * @property {Long|null} [lastSequence] Welcome lastSequence
             * @property {Long|null} [capabilities] Welcome capabilities
             * @property {Long|null} [receivedAtNs] Welcome receivedAtNs
             * @property {number|null} [creditItems] Welcome creditItems
             * @property {number|null} [backoffMaxMs] Welcome backoffMaxMs
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Welcome.
             * @memberof freshet.v1
             * @interface IWelcome
             * @augments freshet.v1.Welcome.$Properties
             * @deprecated Use freshet.v1.Welcome.$Properties instead.
             */

            /**
             * Shape of a Welcome.
             * @typedef {freshet.v1.Welcome.$Properties} freshet.v1.Welcome.$Shape
             */

            /**
             * Constructs a new Welcome.
             * @memberof freshet.v1
             * @classdesc Represents a Welcome.
             * @constructor
             * @param {freshet.v1.Welcome.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Welcome = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Welcome lastSequence.
             * @member {Long} lastSequence
             * @memberof freshet.v1.Welcome
             * @instance
             */
            Welcome.prototype.lastSequence = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Welcome capabilities.
             * @member {Long} capabilities
             * @memberof freshet.v1.Welcome
             * @instance
             */
            Welcome.prototype.capabilities = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Welcome receivedAtNs.
             * @member {Long} receivedAtNs
             * @memberof freshet.v1.Welcome
             * @instance
             */
            Welcome.prototype.receivedAtNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Welcome creditItems.
             * @member {number} creditItems
             * @memberof freshet.v1.Welcome
             * @instance
             */
            Welcome.prototype.creditItems = 0;

            /**
             * Welcome backoffMaxMs.
             * @member {number} backoffMaxMs
             * @memberof freshet.v1.Welcome
             * @instance
             */
            Welcome.prototype.backoffMaxMs = 0;

            /**
             * Encodes the specified Welcome message. Does not implicitly {@link freshet.v1.Welcome.verify|verify} messages.
             * @function encode
             * @memberof freshet.v1.Welcome
             * @static
             * @param {freshet.v1.Welcome.$Properties} message Welcome message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Welcome.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.lastSequence != null && $Object.hasOwnProperty.call(message, "lastSequence") && (typeof message.lastSequence === "object" ? message.lastSequence.low || message.lastSequence.high : message.lastSequence !== 0))
                    writer.uint32(/* id 1, wireType 0 =*/8).uint64(message.lastSequence);
                if (message.capabilities != null && $Object.hasOwnProperty.call(message, "capabilities") && (typeof message.capabilities === "object" ? message.capabilities.low || message.capabilities.high : message.capabilities !== 0))
                    writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.capabilities);
                if (message.receivedAtNs != null && $Object.hasOwnProperty.call(message, "receivedAtNs") && (typeof message.receivedAtNs === "object" ? message.receivedAtNs.low || message.receivedAtNs.high : message.receivedAtNs !== 0))
                    writer.uint32(/* id 3, wireType 1 =*/25).fixed64(message.receivedAtNs);
                if (message.creditItems != null && $Object.hasOwnProperty.call(message, "creditItems") && message.creditItems !== 0)
                    writer.uint32(/* id 4, wireType 0 =*/32).uint32(message.creditItems);
                if (message.backoffMaxMs != null && $Object.hasOwnProperty.call(message, "backoffMaxMs") && message.backoffMaxMs !== 0)
                    writer.uint32(/* id 5, wireType 0 =*/40).uint32(message.backoffMaxMs);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Welcome message from the specified reader or buffer.
             * @function decode
             * @memberof freshet.v1.Welcome
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {freshet.v1.Welcome & freshet.v1.Welcome.$Shape} Welcome
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Welcome.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.freshet.v1.Welcome();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.lastSequence = value;
                            else
                                delete message.lastSequence;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.capabilities = value;
                            else
                                delete message.capabilities;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 1)
                                break;
                            if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                message.receivedAtNs = value;
                            else
                                delete message.receivedAtNs;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.creditItems = value;
                            else
                                delete message.creditItems;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.backoffMaxMs = value;
                            else
                                delete message.backoffMaxMs;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            /**
             * Gets the type url for Welcome
             * @function getTypeUrl
             * @memberof freshet.v1.Welcome
             * @static
             * @param {string} [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns {string} The type url
             */
            Welcome.getTypeUrl = function(prefix) {
                if (prefix === $undefined)
                    prefix = "type.googleapis.com";
                return prefix + "/freshet.v1.Welcome";
            };

            return Welcome;
        })();

        v1.Batch = (function() {

            /**
             * Properties of a Batch.
             * @typedef {Object} freshet.v1.Batch.$Properties
             * @property {Array.<freshet.v1.Item.$Properties>|null} [items] Batch items
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Batch.
             * @memberof freshet.v1
             * @interface IBatch
             * @augments freshet.v1.Batch.$Properties
             * @deprecated Use freshet.v1.Batch.$Properties instead.
             */

            /**
             * Shape of a Batch.
             * @typedef {{
             *   items?: Array.<freshet.v1.Item.$Shape>|null;
             *   $unknowns?: Array.<Uint8Array>;
             * }} freshet.v1.Batch.$Shape
             */

            /**
             * Constructs a new Batch.
             * @memberof freshet.v1
             * @classdesc Represents a Batch.
             * @constructor
             * @param {freshet.v1.Batch.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Batch = function (properties) {
                this.items = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Batch items.
             * @member {Array.<freshet.v1.Item.$Properties>} items
             * @memberof freshet.v1.Batch
             * @instance
             */
            Batch.prototype.items = $util.emptyArray;

            /**
             * Encodes the specified Batch message. Does not implicitly {@link freshet.v1.Batch.verify|verify} messages.
             * @function encode
             * @memberof freshet.v1.Batch
             * @static
             * @param {freshet.v1.Batch.$Properties} message Batch message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Batch.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.items != null && message.items.length)
                    for (let i = 0; i < message.items.length; ++i)
                        $root.freshet.v1.Item.encode(message.items[i], writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Batch message from the specified reader or buffer.
             * @function decode
             * @memberof freshet.v1.Batch
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {freshet.v1.Batch & freshet.v1.Batch.$Shape} Batch
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Batch.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.freshet.v1.Batch();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if (!(message.items && message.items.length))
                                message.items = [];
                            message.items.push($root.freshet.v1.Item.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            /**
             * Gets the type url for Batch
             * @function getTypeUrl
             * @memberof freshet.v1.Batch
             * @static
             * @param {string} [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns {string} The type url
             */
            Batch.getTypeUrl = function(prefix) {
                if (prefix === $undefined)
                    prefix = "type.googleapis.com";
                return prefix + "/freshet.v1.Batch";
            };

            return Batch;
        })();

        v1.Item = (function() {

            /**
             * Properties of an Item.
             * @typedef {Object} freshet.v1.Item.$Properties
             * @property {Uint8Array|null} [id] Item id
             * @property {Long|null} [sequence] Item sequence
             * @property {Long|null} [atNs] Item atNs
             * @property {freshet.v1.Alert.$Properties|null} [alert] Item alert
             * @property {freshet.v1.Sighting.$Properties|null} [sighting] Item sighting
             * @property {freshet.v1.PairSummary.$Properties|null} [summary] Item summary
             * @property {freshet.v1.Health.$Properties|null} [health] Item health
             * @property {"alert"|"sighting"|"summary"|"health"} [content] Item content
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an Item.
             * @memberof freshet.v1
             * @interface IItem
             * @augments freshet.v1.Item.$Properties
             * @deprecated Use freshet.v1.Item.$Properties instead.
             */

            /**
             * Narrowed shape of an Item.
             * @typedef {{
             *   id?: Uint8Array|null;
             *   sequence?: Long|null;
             *   atNs?: Long|null;
             *   alert?: freshet.v1.Alert.$Shape|null;
             *   sighting?: freshet.v1.Sighting.$Shape|null;
             *   summary?: freshet.v1.PairSummary.$Shape|null;
             *   health?: freshet.v1.Health.$Shape|null;
             *   $unknowns?: Array.<Uint8Array>;
             * } & (
             *   ({ content?: undefined; alert?: null; sighting?: null; summary?: null; health?: null }|{ content?: "alert"; alert: freshet.v1.Alert.$Shape; sighting?: null; summary?: null; health?: null }|{ content?: "sighting"; alert?: null; sighting: freshet.v1.Sighting.$Shape; summary?: null; health?: null }|{ content?: "summary"; alert?: null; sighting?: null; summary: freshet.v1.PairSummary.$Shape; health?: null }|{ content?: "health"; alert?: null; sighting?: null; summary?: null; health: freshet.v1.Health.$Shape })
             * )} freshet.v1.Item.$Shape
             */

            /**
             * Constructs a new Item.
             * @memberof freshet.v1
             * @classdesc Represents an Item.
             * @constructor
             * @param {freshet.v1.Item.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Item = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Item id.
             * @member {Uint8Array} id
             * @memberof freshet.v1.Item
             * @instance
             */
            Item.prototype.id = $util.newBuffer([]);

            /**
             * Item sequence.
             * @member {Long} sequence
             * @memberof freshet.v1.Item
             * @instance
             */
            Item.prototype.sequence = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Item atNs.
             * @member {Long} atNs
             * @memberof freshet.v1.Item
             * @instance
             */
            Item.prototype.atNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Item alert.
             * @member {freshet.v1.Alert.$Properties|null|undefined} alert
             * @memberof freshet.v1.Item
             * @instance
             */
            Item.prototype.alert = null;

            /**
             * Item sighting.
             * @member {freshet.v1.Sighting.$Properties|null|undefined} sighting
             * @memberof freshet.v1.Item
             * @instance
             */
            Item.prototype.sighting = null;

            /**
             * Item summary.
             * @member {freshet.v1.PairSummary.$Properties|null|undefined} summary
             * @memberof freshet.v1.Item
             * @instance
             */
            Item.prototype.summary = null;

            /**
             * Item health.
             * @member {freshet.v1.Health.$Properties|null|undefined} health
             * @memberof freshet.v1.Item
             * @instance
             */
            Item.prototype.health = null;

            // OneOf field names bound to virtual getters and setters
            let $oneOfFields;

            /**
             * Item content.
             * @member {"alert"|"sighting"|"summary"|"health"|undefined} content
             * @memberof freshet.v1.Item
             * @instance
             */
            $Object.defineProperty(Item.prototype, "content", {
                get: $util.oneOfGetter($oneOfFields = ["alert", "sighting", "summary", "health"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            /**
             * Encodes the specified Item message. Does not implicitly {@link freshet.v1.Item.verify|verify} messages.
             * @function encode
             * @memberof freshet.v1.Item
             * @static
             * @param {freshet.v1.Item.$Properties} message Item message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Item.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.id != null && $Object.hasOwnProperty.call(message, "id") && message.id.length)
                    writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.id);
                if (message.sequence != null && $Object.hasOwnProperty.call(message, "sequence") && (typeof message.sequence === "object" ? message.sequence.low || message.sequence.high : message.sequence !== 0))
                    writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.sequence);
                if (message.atNs != null && $Object.hasOwnProperty.call(message, "atNs") && (typeof message.atNs === "object" ? message.atNs.low || message.atNs.high : message.atNs !== 0))
                    writer.uint32(/* id 3, wireType 1 =*/25).fixed64(message.atNs);
                if (message.alert != null && $Object.hasOwnProperty.call(message, "alert"))
                    $root.freshet.v1.Alert.encode(message.alert, writer.uint32(/* id 4, wireType 2 =*/34).fork(), _depth + 1).ldelim();
                if (message.sighting != null && $Object.hasOwnProperty.call(message, "sighting"))
                    $root.freshet.v1.Sighting.encode(message.sighting, writer.uint32(/* id 5, wireType 2 =*/42).fork(), _depth + 1).ldelim();
                if (message.summary != null && $Object.hasOwnProperty.call(message, "summary"))
                    $root.freshet.v1.PairSummary.encode(message.summary, writer.uint32(/* id 6, wireType 2 =*/50).fork(), _depth + 1).ldelim();
                if (message.health != null && $Object.hasOwnProperty.call(message, "health"))
                    $root.freshet.v1.Health.encode(message.health, writer.uint32(/* id 7, wireType 2 =*/58).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an Item message from the specified reader or buffer.
             * @function decode
             * @memberof freshet.v1.Item
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {freshet.v1.Item & freshet.v1.Item.$Shape} Item
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Item.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.freshet.v1.Item();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.id = value;
                            else
                                delete message.id;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.sequence = value;
                            else
                                delete message.sequence;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 1)
                                break;
                            if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                message.atNs = value;
                            else
                                delete message.atNs;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            message.alert = $root.freshet.v1.Alert.decode(reader, reader.size(), $undefined, _depth + 1, message.alert);
                            message.content = "alert";
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            message.sighting = $root.freshet.v1.Sighting.decode(reader, reader.size(), $undefined, _depth + 1, message.sighting);
                            message.content = "sighting";
                            continue;
                        }
                    case 6: {
                            if (wireType !== 2)
                                break;
                            message.summary = $root.freshet.v1.PairSummary.decode(reader, reader.size(), $undefined, _depth + 1, message.summary);
                            message.content = "summary";
                            continue;
                        }
                    case 7: {
                            if (wireType !== 2)
                                break;
                            message.health = $root.freshet.v1.Health.decode(reader, reader.size(), $undefined, _depth + 1, message.health);
                            message.content = "health";
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            /**
             * Gets the type url for Item
             * @function getTypeUrl
             * @memberof freshet.v1.Item
             * @static
             * @param {string} [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns {string} The type url
             */
            Item.getTypeUrl = function(prefix) {
                if (prefix === $undefined)
                    prefix = "type.googleapis.com";
                return prefix + "/freshet.v1.Item";
            };

            return Item;
        })();

        v1.Ack = (function() {

            /**
             * Properties of an Ack.
             * @typedef {Object} freshet.v1.Ack.$Properties
             * @property {Long|null} [throughSequence] Ack throughSequence
             * @property {Array.<freshet.v1.Reject.$Properties>|null} [rejects] Ack rejects
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an Ack.
             * @memberof freshet.v1
             * @interface IAck
             * @augments freshet.v1.Ack.$Properties
             * @deprecated Use freshet.v1.Ack.$Properties instead.
             */

            /**
             * Shape of an Ack.
             * @typedef {freshet.v1.Ack.$Properties} freshet.v1.Ack.$Shape
             */

            /**
             * Constructs a new Ack.
             * @memberof freshet.v1
             * @classdesc Represents an Ack.
             * @constructor
             * @param {freshet.v1.Ack.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Ack = function (properties) {
                this.rejects = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Ack throughSequence.
             * @member {Long} throughSequence
             * @memberof freshet.v1.Ack
             * @instance
             */
            Ack.prototype.throughSequence = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Ack rejects.
             * @member {Array.<freshet.v1.Reject.$Properties>} rejects
             * @memberof freshet.v1.Ack
             * @instance
             */
            Ack.prototype.rejects = $util.emptyArray;

            /**
             * Encodes the specified Ack message. Does not implicitly {@link freshet.v1.Ack.verify|verify} messages.
             * @function encode
             * @memberof freshet.v1.Ack
             * @static
             * @param {freshet.v1.Ack.$Properties} message Ack message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Ack.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.throughSequence != null && $Object.hasOwnProperty.call(message, "throughSequence") && (typeof message.throughSequence === "object" ? message.throughSequence.low || message.throughSequence.high : message.throughSequence !== 0))
                    writer.uint32(/* id 1, wireType 0 =*/8).uint64(message.throughSequence);
                if (message.rejects != null && message.rejects.length)
                    for (let i = 0; i < message.rejects.length; ++i)
                        $root.freshet.v1.Reject.encode(message.rejects[i], writer.uint32(/* id 2, wireType 2 =*/18).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an Ack message from the specified reader or buffer.
             * @function decode
             * @memberof freshet.v1.Ack
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {freshet.v1.Ack & freshet.v1.Ack.$Shape} Ack
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Ack.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.freshet.v1.Ack();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.throughSequence = value;
                            else
                                delete message.throughSequence;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if (!(message.rejects && message.rejects.length))
                                message.rejects = [];
                            message.rejects.push($root.freshet.v1.Reject.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            /**
             * Gets the type url for Ack
             * @function getTypeUrl
             * @memberof freshet.v1.Ack
             * @static
             * @param {string} [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns {string} The type url
             */
            Ack.getTypeUrl = function(prefix) {
                if (prefix === $undefined)
                    prefix = "type.googleapis.com";
                return prefix + "/freshet.v1.Ack";
            };

            return Ack;
        })();

        v1.Reject = (function() {

            /**
             * Properties of a Reject.
             * @typedef {Object} freshet.v1.Reject.$Properties
             * @property {Long|null} [sequence] Reject sequence
             * @property {string|null} [reason] Reject reason
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Reject.
             * @memberof freshet.v1
             * @interface IReject
             * @augments freshet.v1.Reject.$Properties
             * @deprecated Use freshet.v1.Reject.$Properties instead.
             */

            /**
             * Shape of a Reject.
             * @typedef {freshet.v1.Reject.$Properties} freshet.v1.Reject.$Shape
             */

            /**
             * Constructs a new Reject.
             * @memberof freshet.v1
             * @classdesc Represents a Reject.
             * @constructor
             * @param {freshet.v1.Reject.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Reject = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Reject sequence.
             * @member {Long} sequence
             * @memberof freshet.v1.Reject
             * @instance
             */
            Reject.prototype.sequence = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Reject reason.
             * @member {string} reason
             * @memberof freshet.v1.Reject
             * @instance
             */
            Reject.prototype.reason = "";

            /**
             * Encodes the specified Reject message. Does not implicitly {@link freshet.v1.Reject.verify|verify} messages.
             * @function encode
             * @memberof freshet.v1.Reject
             * @static
             * @param {freshet.v1.Reject.$Properties} message Reject message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Reject.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.sequence != null && $Object.hasOwnProperty.call(message, "sequence") && (typeof message.sequence === "object" ? message.sequence.low || message.sequence.high : message.sequence !== 0))
                    writer.uint32(/* id 1, wireType 0 =*/8).uint64(message.sequence);
                if (message.reason != null && $Object.hasOwnProperty.call(message, "reason") && message.reason !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.reason);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Reject message from the specified reader or buffer.
             * @function decode
             * @memberof freshet.v1.Reject
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {freshet.v1.Reject & freshet.v1.Reject.$Shape} Reject
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Reject.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.freshet.v1.Reject();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.sequence = value;
                            else
                                delete message.sequence;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.reason = value;
                            else
                                delete message.reason;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            /**
             * Gets the type url for Reject
             * @function getTypeUrl
             * @memberof freshet.v1.Reject
             * @static
             * @param {string} [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns {string} The type url
             */
            Reject.getTypeUrl = function(prefix) {
                if (prefix === $undefined)
                    prefix = "type.googleapis.com";
                return prefix + "/freshet.v1.Reject";
            };

            return Reject;
        })();

        v1.Goodbye = (function() {

            /**
             * Properties of a Goodbye.
             * @typedef {Object} freshet.v1.Goodbye.$Properties
             * @property {string|null} [reason] Goodbye reason
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Goodbye.
             * @memberof freshet.v1
             * @interface IGoodbye
             * @augments freshet.v1.Goodbye.$Properties
             * @deprecated Use freshet.v1.Goodbye.$Properties instead.
             */

            /**
             * Shape of a Goodbye.
             * @typedef {freshet.v1.Goodbye.$Properties} freshet.v1.Goodbye.$Shape
             */

            /**
             * Constructs a new Goodbye.
             * @memberof freshet.v1
             * @classdesc Represents a Goodbye.
             * @constructor
             * @param {freshet.v1.Goodbye.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Goodbye = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Goodbye reason.
             * @member {string} reason
             * @memberof freshet.v1.Goodbye
             * @instance
             */
            Goodbye.prototype.reason = "";

            /**
             * Encodes the specified Goodbye message. Does not implicitly {@link freshet.v1.Goodbye.verify|verify} messages.
             * @function encode
             * @memberof freshet.v1.Goodbye
             * @static
             * @param {freshet.v1.Goodbye.$Properties} message Goodbye message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Goodbye.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.reason != null && $Object.hasOwnProperty.call(message, "reason") && message.reason !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.reason);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Goodbye message from the specified reader or buffer.
             * @function decode
             * @memberof freshet.v1.Goodbye
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {freshet.v1.Goodbye & freshet.v1.Goodbye.$Shape} Goodbye
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Goodbye.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.freshet.v1.Goodbye();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.reason = value;
                            else
                                delete message.reason;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            /**
             * Gets the type url for Goodbye
             * @function getTypeUrl
             * @memberof freshet.v1.Goodbye
             * @static
             * @param {string} [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns {string} The type url
             */
            Goodbye.getTypeUrl = function(prefix) {
                if (prefix === $undefined)
                    prefix = "type.googleapis.com";
                return prefix + "/freshet.v1.Goodbye";
            };

            return Goodbye;
        })();

        /**
         * Severity enum.
         * @name freshet.v1.Severity
         * @enum {number}
         * @property {number} SEVERITY_UNSPECIFIED=0 SEVERITY_UNSPECIFIED value
         * @property {number} LOW=1 LOW value
         * @property {number} MEDIUM=2 MEDIUM value
         * @property {number} HIGH=3 HIGH value
         */
        v1.Severity = (function() {
            const valuesById = $Object.create(null), values = $Object.create(valuesById);
            values[valuesById[0] = "SEVERITY_UNSPECIFIED"] = 0;
            values[valuesById[1] = "LOW"] = 1;
            values[valuesById[2] = "MEDIUM"] = 2;
            values[valuesById[3] = "HIGH"] = 3;
            return values;
        })();

        /**
         * AlertState enum.
         * @name freshet.v1.AlertState
         * @enum {number}
         * @property {number} STATE_UNSPECIFIED=0 STATE_UNSPECIFIED value
         * @property {number} OPENED=1 OPENED value
         * @property {number} UPDATED=2 UPDATED value
         * @property {number} FINAL=3 FINAL value
         */
        v1.AlertState = (function() {
            const valuesById = $Object.create(null), values = $Object.create(valuesById);
            values[valuesById[0] = "STATE_UNSPECIFIED"] = 0;
            values[valuesById[1] = "OPENED"] = 1;
            values[valuesById[2] = "UPDATED"] = 2;
            values[valuesById[3] = "FINAL"] = 3;
            return values;
        })();

        v1.Alert = (function() {

            /**
             * Properties of an Alert.
             * @typedef {Object} freshet.v1.Alert.$Properties
             * @property {string|null} [alertId] Alert alertId
             * @property {number|null} [revision] Alert revision
             * @property {freshet.v1.AlertState|null} [state] Alert state
             * @property {freshet.v1.Severity|null} [severity] Alert severity
             * @property {number|null} [score] Alert score
             * @property {string|null} [sentence] Alert sentence
             * @property {Array.<freshet.v1.Reason.$Properties>|null} [reasons] Alert reasons
             * @property {Long|null} [openedAtNs] Alert openedAtNs
             * @property {Long|null} [updatedAtNs] Alert updatedAtNs
             * @property {freshet.v1.Identity.$Properties|null} [identity] Alert identity
             * @property {Array.<freshet.v1.Process.$Properties>|null} [chain] Alert chain
             * @property {freshet.v1.Destination.$Properties|null} [destination] Alert destination
             * @property {Long|null} [bytesOut] Alert bytesOut
             * @property {Long|null} [bytesIn] Alert bytesIn
             * @property {number|null} [flows] Alert flows
             * @property {number|null} [silentFlows] Alert silentFlows
             * @property {freshet.v1.LargestFlow.$Properties|null} [largestFlow] Alert largestFlow
             * @property {freshet.v1.Timeline.$Properties|null} [timeline] Alert timeline
             * @property {number|null} [policyVersion] Alert policyVersion
             * @property {Array.<string>|null} [techniques] Alert techniques
             * @property {string|null} [responsibleKey] Alert responsibleKey
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an Alert.
             * @memberof freshet.v1
             * @interface IAlert
             * @augments freshet.v1.Alert.$Properties
             * @deprecated Use freshet.v1.Alert.$Properties instead.
             */

            /**
             * Shape of an Alert.
             * @typedef {freshet.v1.Alert.$Properties} freshet.v1.Alert.$Shape
             */

            /**
             * Constructs a new Alert.
             * @memberof freshet.v1
             * @classdesc Represents an Alert.
             * @constructor
             * @param {freshet.v1.Alert.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Alert = function (properties) {
                this.reasons = [];
                this.chain = [];
                this.techniques = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Alert alertId.
             * @member {string} alertId
             * @memberof freshet.v1.Alert
             * @instance
             */
            Alert.prototype.alertId = "";

            /**
             * Alert revision.
             * @member {number} revision
             * @memberof freshet.v1.Alert
             * @instance
             */
            Alert.prototype.revision = 0;

            /**
             * Alert state.
             * @member {freshet.v1.AlertState} state
             * @memberof freshet.v1.Alert
             * @instance
             */
            Alert.prototype.state = 0;

            /**
             * Alert severity.
             * @member {freshet.v1.Severity} severity
             * @memberof freshet.v1.Alert
             * @instance
             */
            Alert.prototype.severity = 0;

            /**
             * Alert score.
             * @member {number} score
             * @memberof freshet.v1.Alert
             * @instance
             */
            Alert.prototype.score = 0;

            /**
             * Alert sentence.
             * @member {string} sentence
             * @memberof freshet.v1.Alert
             * @instance
             */
            Alert.prototype.sentence = "";

            /**
             * Alert reasons.
             * @member {Array.<freshet.v1.Reason.$Properties>} reasons
             * @memberof freshet.v1.Alert
             * @instance
             */
            Alert.prototype.reasons = $util.emptyArray;

            /**
             * Alert openedAtNs.
             * @member {Long} openedAtNs
             * @memberof freshet.v1.Alert
             * @instance
             */
            Alert.prototype.openedAtNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Alert updatedAtNs.
             * @member {Long} updatedAtNs
             * @memberof freshet.v1.Alert
             * @instance
             */
            Alert.prototype.updatedAtNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Alert identity.
             * @member {freshet.v1.Identity.$Properties|null|undefined} identity
             * @memberof freshet.v1.Alert
             * @instance
             */
            Alert.prototype.identity = null;

            /**
             * Alert chain.
             * @member {Array.<freshet.v1.Process.$Properties>} chain
             * @memberof freshet.v1.Alert
             * @instance
             */
            Alert.prototype.chain = $util.emptyArray;

            /**
             * Alert destination.
             * @member {freshet.v1.Destination.$Properties|null|undefined} destination
             * @memberof freshet.v1.Alert
             * @instance
             */
            Alert.prototype.destination = null;

            /**
             * Alert bytesOut.
             * @member {Long} bytesOut
             * @memberof freshet.v1.Alert
             * @instance
             */
            Alert.prototype.bytesOut = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Alert bytesIn.
             * @member {Long} bytesIn
             * @memberof freshet.v1.Alert
             * @instance
             */
            Alert.prototype.bytesIn = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Alert flows.
             * @member {number} flows
             * @memberof freshet.v1.Alert
             * @instance
             */
            Alert.prototype.flows = 0;

            /**
             * Alert silentFlows.
             * @member {number} silentFlows
             * @memberof freshet.v1.Alert
             * @instance
             */
            Alert.prototype.silentFlows = 0;

            /**
             * Alert largestFlow.
             * @member {freshet.v1.LargestFlow.$Properties|null|undefined} largestFlow
             * @memberof freshet.v1.Alert
             * @instance
             */
            Alert.prototype.largestFlow = null;

            /**
             * Alert timeline.
             * @member {freshet.v1.Timeline.$Properties|null|undefined} timeline
             * @memberof freshet.v1.Alert
             * @instance
             */
            Alert.prototype.timeline = null;

            /**
             * Alert policyVersion.
             * @member {number} policyVersion
             * @memberof freshet.v1.Alert
             * @instance
             */
            Alert.prototype.policyVersion = 0;

            /**
             * Alert techniques.
             * @member {Array.<string>} techniques
             * @memberof freshet.v1.Alert
             * @instance
             */
            Alert.prototype.techniques = $util.emptyArray;

            /**
             * Alert responsibleKey.
             * @member {string} responsibleKey
             * @memberof freshet.v1.Alert
             * @instance
             */
            Alert.prototype.responsibleKey = "";

            /**
             * Encodes the specified Alert message. Does not implicitly {@link freshet.v1.Alert.verify|verify} messages.
             * @function encode
             * @memberof freshet.v1.Alert
             * @static
             * @param {freshet.v1.Alert.$Properties} message Alert message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Alert.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.alertId != null && $Object.hasOwnProperty.call(message, "alertId") && message.alertId !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.alertId);
                if (message.revision != null && $Object.hasOwnProperty.call(message, "revision") && message.revision !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.revision);
                if (message.state != null && $Object.hasOwnProperty.call(message, "state") && message.state !== 0)
                    writer.uint32(/* id 3, wireType 0 =*/24).int32(message.state);
                if (message.severity != null && $Object.hasOwnProperty.call(message, "severity") && message.severity !== 0)
                    writer.uint32(/* id 4, wireType 0 =*/32).int32(message.severity);
                if (message.score != null && $Object.hasOwnProperty.call(message, "score") && !$Object.is(message.score, 0))
                    writer.uint32(/* id 5, wireType 1 =*/41).double(message.score);
                if (message.sentence != null && $Object.hasOwnProperty.call(message, "sentence") && message.sentence !== "")
                    writer.uint32(/* id 6, wireType 2 =*/50).string(message.sentence);
                if (message.reasons != null && message.reasons.length)
                    for (let i = 0; i < message.reasons.length; ++i)
                        $root.freshet.v1.Reason.encode(message.reasons[i], writer.uint32(/* id 7, wireType 2 =*/58).fork(), _depth + 1).ldelim();
                if (message.openedAtNs != null && $Object.hasOwnProperty.call(message, "openedAtNs") && (typeof message.openedAtNs === "object" ? message.openedAtNs.low || message.openedAtNs.high : message.openedAtNs !== 0))
                    writer.uint32(/* id 8, wireType 1 =*/65).fixed64(message.openedAtNs);
                if (message.updatedAtNs != null && $Object.hasOwnProperty.call(message, "updatedAtNs") && (typeof message.updatedAtNs === "object" ? message.updatedAtNs.low || message.updatedAtNs.high : message.updatedAtNs !== 0))
                    writer.uint32(/* id 9, wireType 1 =*/73).fixed64(message.updatedAtNs);
                if (message.identity != null && $Object.hasOwnProperty.call(message, "identity"))
                    $root.freshet.v1.Identity.encode(message.identity, writer.uint32(/* id 10, wireType 2 =*/82).fork(), _depth + 1).ldelim();
                if (message.chain != null && message.chain.length)
                    for (let i = 0; i < message.chain.length; ++i)
                        $root.freshet.v1.Process.encode(message.chain[i], writer.uint32(/* id 11, wireType 2 =*/90).fork(), _depth + 1).ldelim();
                if (message.destination != null && $Object.hasOwnProperty.call(message, "destination"))
                    $root.freshet.v1.Destination.encode(message.destination, writer.uint32(/* id 12, wireType 2 =*/98).fork(), _depth + 1).ldelim();
                if (message.bytesOut != null && $Object.hasOwnProperty.call(message, "bytesOut") && (typeof message.bytesOut === "object" ? message.bytesOut.low || message.bytesOut.high : message.bytesOut !== 0))
                    writer.uint32(/* id 13, wireType 0 =*/104).uint64(message.bytesOut);
                if (message.bytesIn != null && $Object.hasOwnProperty.call(message, "bytesIn") && (typeof message.bytesIn === "object" ? message.bytesIn.low || message.bytesIn.high : message.bytesIn !== 0))
                    writer.uint32(/* id 14, wireType 0 =*/112).uint64(message.bytesIn);
                if (message.flows != null && $Object.hasOwnProperty.call(message, "flows") && message.flows !== 0)
                    writer.uint32(/* id 15, wireType 0 =*/120).uint32(message.flows);
                if (message.silentFlows != null && $Object.hasOwnProperty.call(message, "silentFlows") && message.silentFlows !== 0)
                    writer.uint32(/* id 16, wireType 0 =*/128).uint32(message.silentFlows);
                if (message.largestFlow != null && $Object.hasOwnProperty.call(message, "largestFlow"))
                    $root.freshet.v1.LargestFlow.encode(message.largestFlow, writer.uint32(/* id 17, wireType 2 =*/138).fork(), _depth + 1).ldelim();
                if (message.timeline != null && $Object.hasOwnProperty.call(message, "timeline"))
                    $root.freshet.v1.Timeline.encode(message.timeline, writer.uint32(/* id 18, wireType 2 =*/146).fork(), _depth + 1).ldelim();
                if (message.policyVersion != null && $Object.hasOwnProperty.call(message, "policyVersion") && message.policyVersion !== 0)
                    writer.uint32(/* id 19, wireType 0 =*/152).uint32(message.policyVersion);
                if (message.techniques != null && message.techniques.length)
                    for (let i = 0; i < message.techniques.length; ++i)
                        writer.uint32(/* id 20, wireType 2 =*/162).string(message.techniques[i]);
                if (message.responsibleKey != null && $Object.hasOwnProperty.call(message, "responsibleKey") && message.responsibleKey !== "")
                    writer.uint32(/* id 21, wireType 2 =*/170).string(message.responsibleKey);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an Alert message from the specified reader or buffer.
             * @function decode
             * @memberof freshet.v1.Alert
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {freshet.v1.Alert & freshet.v1.Alert.$Shape} Alert
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Alert.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.freshet.v1.Alert();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.alertId = value;
                            else
                                delete message.alertId;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.revision = value;
                            else
                                delete message.revision;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.int32())
                                message.state = value;
                            else
                                delete message.state;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.int32())
                                message.severity = value;
                            else
                                delete message.severity;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.score = value;
                            else
                                delete message.score;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.sentence = value;
                            else
                                delete message.sentence;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 2)
                                break;
                            if (!(message.reasons && message.reasons.length))
                                message.reasons = [];
                            message.reasons.push($root.freshet.v1.Reason.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 8: {
                            if (wireType !== 1)
                                break;
                            if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                message.openedAtNs = value;
                            else
                                delete message.openedAtNs;
                            continue;
                        }
                    case 9: {
                            if (wireType !== 1)
                                break;
                            if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                message.updatedAtNs = value;
                            else
                                delete message.updatedAtNs;
                            continue;
                        }
                    case 10: {
                            if (wireType !== 2)
                                break;
                            message.identity = $root.freshet.v1.Identity.decode(reader, reader.size(), $undefined, _depth + 1, message.identity);
                            continue;
                        }
                    case 11: {
                            if (wireType !== 2)
                                break;
                            if (!(message.chain && message.chain.length))
                                message.chain = [];
                            message.chain.push($root.freshet.v1.Process.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 12: {
                            if (wireType !== 2)
                                break;
                            message.destination = $root.freshet.v1.Destination.decode(reader, reader.size(), $undefined, _depth + 1, message.destination);
                            continue;
                        }
                    case 13: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.bytesOut = value;
                            else
                                delete message.bytesOut;
                            continue;
                        }
                    case 14: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.bytesIn = value;
                            else
                                delete message.bytesIn;
                            continue;
                        }
                    case 15: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.flows = value;
                            else
                                delete message.flows;
                            continue;
                        }
                    case 16: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.silentFlows = value;
                            else
                                delete message.silentFlows;
                            continue;
                        }
                    case 17: {
                            if (wireType !== 2)
                                break;
                            message.largestFlow = $root.freshet.v1.LargestFlow.decode(reader, reader.size(), $undefined, _depth + 1, message.largestFlow);
                            continue;
                        }
                    case 18: {
                            if (wireType !== 2)
                                break;
                            message.timeline = $root.freshet.v1.Timeline.decode(reader, reader.size(), $undefined, _depth + 1, message.timeline);
                            continue;
                        }
                    case 19: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.policyVersion = value;
                            else
                                delete message.policyVersion;
                            continue;
                        }
                    case 20: {
                            if (wireType !== 2)
                                break;
                            if (!(message.techniques && message.techniques.length))
                                message.techniques = [];
                            message.techniques.push(reader.stringVerify());
                            continue;
                        }
                    case 21: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.responsibleKey = value;
                            else
                                delete message.responsibleKey;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            /**
             * Gets the type url for Alert
             * @function getTypeUrl
             * @memberof freshet.v1.Alert
             * @static
             * @param {string} [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns {string} The type url
             */
            Alert.getTypeUrl = function(prefix) {
                if (prefix === $undefined)
                    prefix = "type.googleapis.com";
                return prefix + "/freshet.v1.Alert";
            };

            return Alert;
        })();

        v1.Reason = (function() {

            /**
             * Properties of a Reason.
             * @typedef {Object} freshet.v1.Reason.$Properties
             * @property {string|null} [term] Reason term
             * @property {number|null} [points] Reason points
             * @property {number|null} [value] Reason value
             * @property {number|null} [threshold] Reason threshold
             * @property {string|null} [unit] Reason unit
             * @property {string|null} [text] Reason text
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Reason.
             * @memberof freshet.v1
             * @interface IReason
             * @augments freshet.v1.Reason.$Properties
             * @deprecated Use freshet.v1.Reason.$Properties instead.
             */

            /**
             * Shape of a Reason.
             * @typedef {freshet.v1.Reason.$Properties} freshet.v1.Reason.$Shape
             */

            /**
             * Constructs a new Reason.
             * @memberof freshet.v1
             * @classdesc Represents a Reason.
             * @constructor
             * @param {freshet.v1.Reason.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Reason = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Reason term.
             * @member {string} term
             * @memberof freshet.v1.Reason
             * @instance
             */
            Reason.prototype.term = "";

            /**
             * Reason points.
             * @member {number} points
             * @memberof freshet.v1.Reason
             * @instance
             */
            Reason.prototype.points = 0;

            /**
             * Reason value.
             * @member {number} value
             * @memberof freshet.v1.Reason
             * @instance
             */
            Reason.prototype.value = 0;

            /**
             * Reason threshold.
             * @member {number} threshold
             * @memberof freshet.v1.Reason
             * @instance
             */
            Reason.prototype.threshold = 0;

            /**
             * Reason unit.
             * @member {string} unit
             * @memberof freshet.v1.Reason
             * @instance
             */
            Reason.prototype.unit = "";

            /**
             * Reason text.
             * @member {string} text
             * @memberof freshet.v1.Reason
             * @instance
             */
            Reason.prototype.text = "";

            /**
             * Encodes the specified Reason message. Does not implicitly {@link freshet.v1.Reason.verify|verify} messages.
             * @function encode
             * @memberof freshet.v1.Reason
             * @static
             * @param {freshet.v1.Reason.$Properties} message Reason message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Reason.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.term != null && $Object.hasOwnProperty.call(message, "term") && message.term !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.term);
                if (message.points != null && $Object.hasOwnProperty.call(message, "points") && !$Object.is(message.points, 0))
                    writer.uint32(/* id 2, wireType 1 =*/17).double(message.points);
                if (message.value != null && $Object.hasOwnProperty.call(message, "value") && !$Object.is(message.value, 0))
                    writer.uint32(/* id 3, wireType 1 =*/25).double(message.value);
                if (message.threshold != null && $Object.hasOwnProperty.call(message, "threshold") && !$Object.is(message.threshold, 0))
                    writer.uint32(/* id 4, wireType 1 =*/33).double(message.threshold);
                if (message.unit != null && $Object.hasOwnProperty.call(message, "unit") && message.unit !== "")
                    writer.uint32(/* id 5, wireType 2 =*/42).string(message.unit);
                if (message.text != null && $Object.hasOwnProperty.call(message, "text") && message.text !== "")
                    writer.uint32(/* id 6, wireType 2 =*/50).string(message.text);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Reason message from the specified reader or buffer.
             * @function decode
             * @memberof freshet.v1.Reason
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {freshet.v1.Reason & freshet.v1.Reason.$Shape} Reason
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Reason.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.freshet.v1.Reason();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.term = value;
                            else
                                delete message.term;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.points = value;
                            else
                                delete message.points;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.value = value;
                            else
                                delete message.value;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.threshold = value;
                            else
                                delete message.threshold;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.unit = value;
                            else
                                delete message.unit;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.text = value;
                            else
                                delete message.text;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            /**
             * Gets the type url for Reason
             * @function getTypeUrl
             * @memberof freshet.v1.Reason
             * @static
             * @param {string} [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns {string} The type url
             */
            Reason.getTypeUrl = function(prefix) {
                if (prefix === $undefined)
                    prefix = "type.googleapis.com";
                return prefix + "/freshet.v1.Reason";
            };

            return Reason;
        })();

        v1.Identity = (function() {

            /**
             * Properties of an Identity.
             * @typedef {Object} freshet.v1.Identity.$Properties
             * @property {string|null} [key] Identity key
             * @property {string|null} [signerClass] Identity signerClass
             * @property {string|null} [name] Identity name
             * @property {string|null} [path] Identity path
             * @property {string|null} [sha256] Identity sha256
             * @property {string|null} [signingId] Identity signingId
             * @property {string|null} [teamId] Identity teamId
             * @property {string|null} [cdhash] Identity cdhash
             * @property {Long|null} [firstSeenNs] Identity firstSeenNs
             * @property {Long|null} [firstNetworkNs] Identity firstNetworkNs
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an Identity.
             * @memberof freshet.v1
             * @interface IIdentity
             * @augments freshet.v1.Identity.$Properties
             * @deprecated Use freshet.v1.Identity.$Properties instead.
             */

            /**
             * Shape of an Identity.
             * @typedef {freshet.v1.Identity.$Properties} freshet.v1.Identity.$Shape
             */

            /**
             * Constructs a new Identity.
             * @memberof freshet.v1
             * @classdesc Represents an Identity.
             * @constructor
             * @param {freshet.v1.Identity.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Identity = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Identity key.
             * @member {string} key
             * @memberof freshet.v1.Identity
             * @instance
             */
            Identity.prototype.key = "";

            /**
             * Identity signerClass.
             * @member {string} signerClass
             * @memberof freshet.v1.Identity
             * @instance
             */
            Identity.prototype.signerClass = "";

            /**
             * Identity name.
             * @member {string} name
             * @memberof freshet.v1.Identity
             * @instance
             */
            Identity.prototype.name = "";

            /**
             * Identity path.
             * @member {string} path
             * @memberof freshet.v1.Identity
             * @instance
             */
            Identity.prototype.path = "";

            /**
             * Identity sha256.
             * @member {string} sha256
             * @memberof freshet.v1.Identity
             * @instance
             */
            Identity.prototype.sha256 = "";

            /**
             * Identity signingId.
             * @member {string} signingId
             * @memberof freshet.v1.Identity
             * @instance
             */
            Identity.prototype.signingId = "";

            /**
             * Identity teamId.
             * @member {string} teamId
             * @memberof freshet.v1.Identity
             * @instance
             */
            Identity.prototype.teamId = "";

            /**
             * Identity cdhash.
             * @member {string} cdhash
             * @memberof freshet.v1.Identity
             * @instance
             */
            Identity.prototype.cdhash = "";

            /**
             * Identity firstSeenNs.
             * @member {Long} firstSeenNs
             * @memberof freshet.v1.Identity
             * @instance
             */
            Identity.prototype.firstSeenNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Identity firstNetworkNs.
             * @member {Long} firstNetworkNs
             * @memberof freshet.v1.Identity
             * @instance
             */
            Identity.prototype.firstNetworkNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Encodes the specified Identity message. Does not implicitly {@link freshet.v1.Identity.verify|verify} messages.
             * @function encode
             * @memberof freshet.v1.Identity
             * @static
             * @param {freshet.v1.Identity.$Properties} message Identity message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Identity.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.key != null && $Object.hasOwnProperty.call(message, "key") && message.key !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.key);
                if (message.signerClass != null && $Object.hasOwnProperty.call(message, "signerClass") && message.signerClass !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.signerClass);
                if (message.name != null && $Object.hasOwnProperty.call(message, "name") && message.name !== "")
                    writer.uint32(/* id 3, wireType 2 =*/26).string(message.name);
                if (message.path != null && $Object.hasOwnProperty.call(message, "path") && message.path !== "")
                    writer.uint32(/* id 4, wireType 2 =*/34).string(message.path);
                if (message.sha256 != null && $Object.hasOwnProperty.call(message, "sha256") && message.sha256 !== "")
                    writer.uint32(/* id 5, wireType 2 =*/42).string(message.sha256);
                if (message.signingId != null && $Object.hasOwnProperty.call(message, "signingId") && message.signingId !== "")
                    writer.uint32(/* id 6, wireType 2 =*/50).string(message.signingId);
                if (message.teamId != null && $Object.hasOwnProperty.call(message, "teamId") && message.teamId !== "")
                    writer.uint32(/* id 7, wireType 2 =*/58).string(message.teamId);
                if (message.cdhash != null && $Object.hasOwnProperty.call(message, "cdhash") && message.cdhash !== "")
                    writer.uint32(/* id 8, wireType 2 =*/66).string(message.cdhash);
                if (message.firstSeenNs != null && $Object.hasOwnProperty.call(message, "firstSeenNs") && (typeof message.firstSeenNs === "object" ? message.firstSeenNs.low || message.firstSeenNs.high : message.firstSeenNs !== 0))
                    writer.uint32(/* id 9, wireType 1 =*/73).fixed64(message.firstSeenNs);
                if (message.firstNetworkNs != null && $Object.hasOwnProperty.call(message, "firstNetworkNs") && (typeof message.firstNetworkNs === "object" ? message.firstNetworkNs.low || message.firstNetworkNs.high : message.firstNetworkNs !== 0))
                    writer.uint32(/* id 10, wireType 1 =*/81).fixed64(message.firstNetworkNs);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an Identity message from the specified reader or buffer.
             * @function decode
             * @memberof freshet.v1.Identity
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {freshet.v1.Identity & freshet.v1.Identity.$Shape} Identity
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Identity.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.freshet.v1.Identity();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.key = value;
                            else
                                delete message.key;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.signerClass = value;
                            else
                                delete message.signerClass;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.name = value;
                            else
                                delete message.name;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.path = value;
                            else
                                delete message.path;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.sha256 = value;
                            else
                                delete message.sha256;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.signingId = value;
                            else
                                delete message.signingId;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.teamId = value;
                            else
                                delete message.teamId;
                            continue;
                        }
                    case 8: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.cdhash = value;
                            else
                                delete message.cdhash;
                            continue;
                        }
                    case 9: {
                            if (wireType !== 1)
                                break;
                            if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                message.firstSeenNs = value;
                            else
                                delete message.firstSeenNs;
                            continue;
                        }
                    case 10: {
                            if (wireType !== 1)
                                break;
                            if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                message.firstNetworkNs = value;
                            else
                                delete message.firstNetworkNs;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            /**
             * Gets the type url for Identity
             * @function getTypeUrl
             * @memberof freshet.v1.Identity
             * @static
             * @param {string} [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns {string} The type url
             */
            Identity.getTypeUrl = function(prefix) {
                if (prefix === $undefined)
                    prefix = "type.googleapis.com";
                return prefix + "/freshet.v1.Identity";
            };

            return Identity;
        })();

        v1.Process = (function() {

            /**
             * Properties of a Process.
             * @typedef {Object} freshet.v1.Process.$Properties
             * @property {number|null} [pid] Process pid
             * @property {number|null} [pidversion] Process pidversion
             * @property {string|null} [path] Process path
             * @property {string|null} [script] Process script
             * @property {number|null} [uid] Process uid
             * @property {string|null} [user] Process user
             * @property {Long|null} [startedAtNs] Process startedAtNs
             * @property {string|null} [identityKey] Process identityKey
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Process.
             * @memberof freshet.v1
             * @interface IProcess
             * @augments freshet.v1.Process.$Properties
             * @deprecated Use freshet.v1.Process.$Properties instead.
             */

            /**
             * Shape of a Process.
             * @typedef {freshet.v1.Process.$Properties} freshet.v1.Process.$Shape
             */

            /**
             * Constructs a new Process.
             * @memberof freshet.v1
             * @classdesc Represents a Process.
             * @constructor
             * @param {freshet.v1.Process.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Process = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Process pid.
             * @member {number} pid
             * @memberof freshet.v1.Process
             * @instance
             */
            Process.prototype.pid = 0;

            /**
             * Process pidversion.
             * @member {number} pidversion
             * @memberof freshet.v1.Process
             * @instance
             */
            Process.prototype.pidversion = 0;

            /**
             * Process path.
             * @member {string} path
             * @memberof freshet.v1.Process
             * @instance
             */
            Process.prototype.path = "";

            /**
             * Process script.
             * @member {string} script
             * @memberof freshet.v1.Process
             * @instance
             */
            Process.prototype.script = "";

            /**
             * Process uid.
             * @member {number} uid
             * @memberof freshet.v1.Process
             * @instance
             */
            Process.prototype.uid = 0;

            /**
             * Process user.
             * @member {string} user
             * @memberof freshet.v1.Process
             * @instance
             */
            Process.prototype.user = "";

            /**
             * Process startedAtNs.
             * @member {Long} startedAtNs
             * @memberof freshet.v1.Process
             * @instance
             */
            Process.prototype.startedAtNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Process identityKey.
             * @member {string} identityKey
             * @memberof freshet.v1.Process
             * @instance
             */
            Process.prototype.identityKey = "";

            /**
             * Encodes the specified Process message. Does not implicitly {@link freshet.v1.Process.verify|verify} messages.
             * @function encode
             * @memberof freshet.v1.Process
             * @static
             * @param {freshet.v1.Process.$Properties} message Process message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Process.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.pid != null && $Object.hasOwnProperty.call(message, "pid") && message.pid !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.pid);
                if (message.pidversion != null && $Object.hasOwnProperty.call(message, "pidversion") && message.pidversion !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.pidversion);
                if (message.path != null && $Object.hasOwnProperty.call(message, "path") && message.path !== "")
                    writer.uint32(/* id 3, wireType 2 =*/26).string(message.path);
                if (message.script != null && $Object.hasOwnProperty.call(message, "script") && message.script !== "")
                    writer.uint32(/* id 4, wireType 2 =*/34).string(message.script);
                if (message.uid != null && $Object.hasOwnProperty.call(message, "uid") && message.uid !== 0)
                    writer.uint32(/* id 5, wireType 0 =*/40).uint32(message.uid);
                if (message.user != null && $Object.hasOwnProperty.call(message, "user") && message.user !== "")
                    writer.uint32(/* id 6, wireType 2 =*/50).string(message.user);
                if (message.startedAtNs != null && $Object.hasOwnProperty.call(message, "startedAtNs") && (typeof message.startedAtNs === "object" ? message.startedAtNs.low || message.startedAtNs.high : message.startedAtNs !== 0))
                    writer.uint32(/* id 7, wireType 1 =*/57).fixed64(message.startedAtNs);
                if (message.identityKey != null && $Object.hasOwnProperty.call(message, "identityKey") && message.identityKey !== "")
                    writer.uint32(/* id 8, wireType 2 =*/66).string(message.identityKey);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Process message from the specified reader or buffer.
             * @function decode
             * @memberof freshet.v1.Process
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {freshet.v1.Process & freshet.v1.Process.$Shape} Process
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Process.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.freshet.v1.Process();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.pid = value;
                            else
                                delete message.pid;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.pidversion = value;
                            else
                                delete message.pidversion;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.path = value;
                            else
                                delete message.path;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.script = value;
                            else
                                delete message.script;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.uid = value;
                            else
                                delete message.uid;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.user = value;
                            else
                                delete message.user;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 1)
                                break;
                            if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                message.startedAtNs = value;
                            else
                                delete message.startedAtNs;
                            continue;
                        }
                    case 8: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.identityKey = value;
                            else
                                delete message.identityKey;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            /**
             * Gets the type url for Process
             * @function getTypeUrl
             * @memberof freshet.v1.Process
             * @static
             * @param {string} [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns {string} The type url
             */
            Process.getTypeUrl = function(prefix) {
                if (prefix === $undefined)
                    prefix = "type.googleapis.com";
                return prefix + "/freshet.v1.Process";
            };

            return Process;
        })();

        v1.Destination = (function() {

            /**
             * Properties of a Destination.
             * @typedef {Object} freshet.v1.Destination.$Properties
             * @property {string|null} [key] Destination key
             * @property {string|null} [address] Destination address
             * @property {number|null} [port] Destination port
             * @property {string|null} [hostname] Destination hostname
             * @property {number|null} [protocol] Destination protocol
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Destination.
             * @memberof freshet.v1
             * @interface IDestination
             * @augments freshet.v1.Destination.$Properties
             * @deprecated Use freshet.v1.Destination.$Properties instead.
             */

            /**
             * Shape of a Destination.
             * @typedef {freshet.v1.Destination.$Properties} freshet.v1.Destination.$Shape
             */

            /**
             * Constructs a new Destination.
             * @memberof freshet.v1
             * @classdesc Represents a Destination.
             * @constructor
             * @param {freshet.v1.Destination.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Destination = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Destination key.
             * @member {string} key
             * @memberof freshet.v1.Destination
             * @instance
             */
            Destination.prototype.key = "";

            /**
             * Destination address.
             * @member {string} address
             * @memberof freshet.v1.Destination
             * @instance
             */
            Destination.prototype.address = "";

            /**
             * Destination port.
             * @member {number} port
             * @memberof freshet.v1.Destination
             * @instance
             */
            Destination.prototype.port = 0;

            /**
             * Destination hostname.
             * @member {string} hostname
             * @memberof freshet.v1.Destination
             * @instance
             */
            Destination.prototype.hostname = "";

            /**
             * Destination protocol.
             * @member {number} protocol
             * @memberof freshet.v1.Destination
             * @instance
             */
            Destination.prototype.protocol = 0;

            /**
             * Encodes the specified Destination message. Does not implicitly {@link freshet.v1.Destination.verify|verify} messages.
             * @function encode
             * @memberof freshet.v1.Destination
             * @static
             * @param {freshet.v1.Destination.$Properties} message Destination message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Destination.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.key != null && $Object.hasOwnProperty.call(message, "key") && message.key !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.key);
                if (message.address != null && $Object.hasOwnProperty.call(message, "address") && message.address !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.address);
                if (message.port != null && $Object.hasOwnProperty.call(message, "port") && message.port !== 0)
                    writer.uint32(/* id 3, wireType 0 =*/24).uint32(message.port);
                if (message.hostname != null && $Object.hasOwnProperty.call(message, "hostname") && message.hostname !== "")
                    writer.uint32(/* id 4, wireType 2 =*/34).string(message.hostname);
                if (message.protocol != null && $Object.hasOwnProperty.call(message, "protocol") && message.protocol !== 0)
                    writer.uint32(/* id 5, wireType 0 =*/40).uint32(message.protocol);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Destination message from the specified reader or buffer.
             * @function decode
             * @memberof freshet.v1.Destination
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {freshet.v1.Destination & freshet.v1.Destination.$Shape} Destination
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Destination.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.freshet.v1.Destination();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.key = value;
                            else
                                delete message.key;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.address = value;
                            else
                                delete message.address;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.port = value;
                            else
                                delete message.port;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.hostname = value;
                            else
                                delete message.hostname;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.protocol = value;
                            else
                                delete message.protocol;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            /**
             * Gets the type url for Destination
             * @function getTypeUrl
             * @memberof freshet.v1.Destination
             * @static
             * @param {string} [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns {string} The type url
             */
            Destination.getTypeUrl = function(prefix) {
                if (prefix === $undefined)
                    prefix = "type.googleapis.com";
                return prefix + "/freshet.v1.Destination";
            };

            return Destination;
        })();

        v1.LargestFlow = (function() {

            /**
             * Properties of a LargestFlow.
             * @typedef {Object} freshet.v1.LargestFlow.$Properties
             * @property {Long|null} [bytesOut] LargestFlow bytesOut
             * @property {Long|null} [bytesIn] LargestFlow bytesIn
             * @property {number|null} [pcr] LargestFlow pcr
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a LargestFlow.
             * @memberof freshet.v1
             * @interface ILargestFlow
             * @augments freshet.v1.LargestFlow.$Properties
             * @deprecated Use freshet.v1.LargestFlow.$Properties instead.
             */

            /**
             * Shape of a LargestFlow.
             * @typedef {freshet.v1.LargestFlow.$Properties} freshet.v1.LargestFlow.$Shape
             */

            /**
             * Constructs a new LargestFlow.
             * @memberof freshet.v1
             * @classdesc Represents a LargestFlow.
             * @constructor
             * @param {freshet.v1.LargestFlow.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const LargestFlow = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * LargestFlow bytesOut.
             * @member {Long} bytesOut
             * @memberof freshet.v1.LargestFlow
             * @instance
             */
            LargestFlow.prototype.bytesOut = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * LargestFlow bytesIn.
             * @member {Long} bytesIn
             * @memberof freshet.v1.LargestFlow
             * @instance
             */
            LargestFlow.prototype.bytesIn = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * LargestFlow pcr.
             * @member {number} pcr
             * @memberof freshet.v1.LargestFlow
             * @instance
             */
            LargestFlow.prototype.pcr = 0;

            /**
             * Encodes the specified LargestFlow message. Does not implicitly {@link freshet.v1.LargestFlow.verify|verify} messages.
             * @function encode
             * @memberof freshet.v1.LargestFlow
             * @static
             * @param {freshet.v1.LargestFlow.$Properties} message LargestFlow message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            LargestFlow.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.bytesOut != null && $Object.hasOwnProperty.call(message, "bytesOut") && (typeof message.bytesOut === "object" ? message.bytesOut.low || message.bytesOut.high : message.bytesOut !== 0))
                    writer.uint32(/* id 1, wireType 0 =*/8).uint64(message.bytesOut);
                if (message.bytesIn != null && $Object.hasOwnProperty.call(message, "bytesIn") && (typeof message.bytesIn === "object" ? message.bytesIn.low || message.bytesIn.high : message.bytesIn !== 0))
                    writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.bytesIn);
                if (message.pcr != null && $Object.hasOwnProperty.call(message, "pcr") && !$Object.is(message.pcr, 0))
                    writer.uint32(/* id 3, wireType 1 =*/25).double(message.pcr);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a LargestFlow message from the specified reader or buffer.
             * @function decode
             * @memberof freshet.v1.LargestFlow
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {freshet.v1.LargestFlow & freshet.v1.LargestFlow.$Shape} LargestFlow
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            LargestFlow.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.freshet.v1.LargestFlow();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.bytesOut = value;
                            else
                                delete message.bytesOut;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.bytesIn = value;
                            else
                                delete message.bytesIn;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.pcr = value;
                            else
                                delete message.pcr;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            /**
             * Gets the type url for LargestFlow
             * @function getTypeUrl
             * @memberof freshet.v1.LargestFlow
             * @static
             * @param {string} [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns {string} The type url
             */
            LargestFlow.getTypeUrl = function(prefix) {
                if (prefix === $undefined)
                    prefix = "type.googleapis.com";
                return prefix + "/freshet.v1.LargestFlow";
            };

            return LargestFlow;
        })();

        v1.Timeline = (function() {

            /**
             * Properties of a Timeline.
             * @typedef {Object} freshet.v1.Timeline.$Properties
             * @property {Long|null} [startNs] Timeline startNs
             * @property {number|null} [bucketMs] Timeline bucketMs
             * @property {Array.<Long>|null} [bytesOut] Timeline bytesOut
             * @property {Array.<Long>|null} [bytesIn] Timeline bytesIn
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Timeline.
             * @memberof freshet.v1
             * @interface ITimeline
             * @augments freshet.v1.Timeline.$Properties
             * @deprecated Use freshet.v1.Timeline.$Properties instead.
             */

            /**
             * Shape of a Timeline.
             * @typedef {freshet.v1.Timeline.$Properties} freshet.v1.Timeline.$Shape
             */

            /**
             * Constructs a new Timeline.
             * @memberof freshet.v1
             * @classdesc Represents a Timeline.
             * @constructor
             * @param {freshet.v1.Timeline.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Timeline = function (properties) {
                this.bytesOut = [];
                this.bytesIn = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Timeline startNs.
             * @member {Long} startNs
             * @memberof freshet.v1.Timeline
             * @instance
             */
            Timeline.prototype.startNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Timeline bucketMs.
             * @member {number} bucketMs
             * @memberof freshet.v1.Timeline
             * @instance
             */
            Timeline.prototype.bucketMs = 0;

            /**
             * Timeline bytesOut.
             * @member {Array.<Long>} bytesOut
             * @memberof freshet.v1.Timeline
             * @instance
             */
            Timeline.prototype.bytesOut = $util.emptyArray;

            /**
             * Timeline bytesIn.
             * @member {Array.<Long>} bytesIn
             * @memberof freshet.v1.Timeline
             * @instance
             */
            Timeline.prototype.bytesIn = $util.emptyArray;

            /**
             * Encodes the specified Timeline message. Does not implicitly {@link freshet.v1.Timeline.verify|verify} messages.
             * @function encode
             * @memberof freshet.v1.Timeline
             * @static
             * @param {freshet.v1.Timeline.$Properties} message Timeline message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Timeline.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.startNs != null && $Object.hasOwnProperty.call(message, "startNs") && (typeof message.startNs === "object" ? message.startNs.low || message.startNs.high : message.startNs !== 0))
                    writer.uint32(/* id 1, wireType 1 =*/9).fixed64(message.startNs);
                if (message.bucketMs != null && $Object.hasOwnProperty.call(message, "bucketMs") && message.bucketMs !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.bucketMs);
                if (message.bytesOut != null && message.bytesOut.length)
                    writer.uint32(/* id 3, wireType 2 =*/26).uint64s(message.bytesOut);
                if (message.bytesIn != null && message.bytesIn.length)
                    writer.uint32(/* id 4, wireType 2 =*/34).uint64s(message.bytesIn);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Timeline message from the specified reader or buffer.
             * @function decode
             * @memberof freshet.v1.Timeline
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {freshet.v1.Timeline & freshet.v1.Timeline.$Shape} Timeline
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Timeline.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.freshet.v1.Timeline();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 1)
                                break;
                            if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                message.startNs = value;
                            else
                                delete message.startNs;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.bucketMs = value;
                            else
                                delete message.bucketMs;
                            continue;
                        }
                    case 3: {
                            if (wireType === 2) {
                                if (!(message.bytesOut && message.bytesOut.length))
                                    message.bytesOut = [];
                                reader.uint64s(message.bytesOut);
                                continue;
                            }
                            if (wireType !== 0)
                                break;
                            if (!(message.bytesOut && message.bytesOut.length))
                                message.bytesOut = [];
                            message.bytesOut.push(reader.uint64());
                            continue;
                        }
                    case 4: {
                            if (wireType === 2) {
                                if (!(message.bytesIn && message.bytesIn.length))
                                    message.bytesIn = [];
                                reader.uint64s(message.bytesIn);
                                continue;
                            }
                            if (wireType !== 0)
                                break;
                            if (!(message.bytesIn && message.bytesIn.length))
                                message.bytesIn = [];
                            message.bytesIn.push(reader.uint64());
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            /**
             * Gets the type url for Timeline
             * @function getTypeUrl
             * @memberof freshet.v1.Timeline
             * @static
             * @param {string} [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns {string} The type url
             */
            Timeline.getTypeUrl = function(prefix) {
                if (prefix === $undefined)
                    prefix = "type.googleapis.com";
                return prefix + "/freshet.v1.Timeline";
            };

            return Timeline;
        })();

        v1.Sighting = (function() {

            /**
             * Properties of a Sighting.
             * @typedef {Object} freshet.v1.Sighting.$Properties
             * @property {string|null} [kind] Sighting kind
             * @property {freshet.v1.Identity.$Properties|null} [identity] Sighting identity
             * @property {freshet.v1.Process.$Properties|null} [process] Sighting process
             * @property {freshet.v1.Destination.$Properties|null} [destination] Sighting destination
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Sighting.
             * @memberof freshet.v1
             * @interface ISighting
             * @augments freshet.v1.Sighting.$Properties
             * @deprecated Use freshet.v1.Sighting.$Properties instead.
             */

            /**
             * Shape of a Sighting.
             * @typedef {freshet.v1.Sighting.$Properties} freshet.v1.Sighting.$Shape
             */

            /**
             * Constructs a new Sighting.
             * @memberof freshet.v1
             * @classdesc Represents a Sighting.
             * @constructor
             * @param {freshet.v1.Sighting.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Sighting = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Sighting kind.
             * @member {string} kind
             * @memberof freshet.v1.Sighting
             * @instance
             */
            Sighting.prototype.kind = "";

            /**
             * Sighting identity.
             * @member {freshet.v1.Identity.$Properties|null|undefined} identity
             * @memberof freshet.v1.Sighting
             * @instance
             */
            Sighting.prototype.identity = null;

            /**
             * Sighting process.
             * @member {freshet.v1.Process.$Properties|null|undefined} process
             * @memberof freshet.v1.Sighting
             * @instance
             */
            Sighting.prototype.process = null;

            /**
             * Sighting destination.
             * @member {freshet.v1.Destination.$Properties|null|undefined} destination
             * @memberof freshet.v1.Sighting
             * @instance
             */
            Sighting.prototype.destination = null;

            /**
             * Encodes the specified Sighting message. Does not implicitly {@link freshet.v1.Sighting.verify|verify} messages.
             * @function encode
             * @memberof freshet.v1.Sighting
             * @static
             * @param {freshet.v1.Sighting.$Properties} message Sighting message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Sighting.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.kind != null && $Object.hasOwnProperty.call(message, "kind") && message.kind !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.kind);
                if (message.identity != null && $Object.hasOwnProperty.call(message, "identity"))
                    $root.freshet.v1.Identity.encode(message.identity, writer.uint32(/* id 2, wireType 2 =*/18).fork(), _depth + 1).ldelim();
                if (message.process != null && $Object.hasOwnProperty.call(message, "process"))
                    $root.freshet.v1.Process.encode(message.process, writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
                if (message.destination != null && $Object.hasOwnProperty.call(message, "destination"))
                    $root.freshet.v1.Destination.encode(message.destination, writer.uint32(/* id 4, wireType 2 =*/34).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Sighting message from the specified reader or buffer.
             * @function decode
             * @memberof freshet.v1.Sighting
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {freshet.v1.Sighting & freshet.v1.Sighting.$Shape} Sighting
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Sighting.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.freshet.v1.Sighting();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.kind = value;
                            else
                                delete message.kind;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            message.identity = $root.freshet.v1.Identity.decode(reader, reader.size(), $undefined, _depth + 1, message.identity);
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            message.process = $root.freshet.v1.Process.decode(reader, reader.size(), $undefined, _depth + 1, message.process);
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            message.destination = $root.freshet.v1.Destination.decode(reader, reader.size(), $undefined, _depth + 1, message.destination);
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            /**
             * Gets the type url for Sighting
             * @function getTypeUrl
             * @memberof freshet.v1.Sighting
             * @static
             * @param {string} [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns {string} The type url
             */
            Sighting.getTypeUrl = function(prefix) {
                if (prefix === $undefined)
                    prefix = "type.googleapis.com";
                return prefix + "/freshet.v1.Sighting";
            };

            return Sighting;
        })();

        v1.PairSummary = (function() {

            /**
             * Properties of a PairSummary.
             * @typedef {Object} freshet.v1.PairSummary.$Properties
             * @property {string|null} [identityKey] PairSummary identityKey
             * @property {freshet.v1.Destination.$Properties|null} [destination] PairSummary destination
             * @property {Long|null} [hourNs] PairSummary hourNs
             * @property {Long|null} [bytesOut] PairSummary bytesOut
             * @property {Long|null} [bytesIn] PairSummary bytesIn
             * @property {number|null} [flows] PairSummary flows
             * @property {Long|null} [largestFlowOut] PairSummary largestFlowOut
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a PairSummary.
             * @memberof freshet.v1
             * @interface IPairSummary
             * @augments freshet.v1.PairSummary.$Properties
             * @deprecated Use freshet.v1.PairSummary.$Properties instead.
             */

            /**
             * Shape of a PairSummary.
             * @typedef {freshet.v1.PairSummary.$Properties} freshet.v1.PairSummary.$Shape
             */

            /**
             * Constructs a new PairSummary.
             * @memberof freshet.v1
             * @classdesc Represents a PairSummary.
             * @constructor
             * @param {freshet.v1.PairSummary.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const PairSummary = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * PairSummary identityKey.
             * @member {string} identityKey
             * @memberof freshet.v1.PairSummary
             * @instance
             */
            PairSummary.prototype.identityKey = "";

            /**
             * PairSummary destination.
             * @member {freshet.v1.Destination.$Properties|null|undefined} destination
             * @memberof freshet.v1.PairSummary
             * @instance
             */
            PairSummary.prototype.destination = null;

            /**
             * PairSummary hourNs.
             * @member {Long} hourNs
             * @memberof freshet.v1.PairSummary
             * @instance
             */
            PairSummary.prototype.hourNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * PairSummary bytesOut.
             * @member {Long} bytesOut
             * @memberof freshet.v1.PairSummary
             * @instance
             */
            PairSummary.prototype.bytesOut = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * PairSummary bytesIn.
             * @member {Long} bytesIn
             * @memberof freshet.v1.PairSummary
             * @instance
             */
            PairSummary.prototype.bytesIn = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * PairSummary flows.
             * @member {number} flows
             * @memberof freshet.v1.PairSummary
             * @instance
             */
            PairSummary.prototype.flows = 0;

            /**
             * PairSummary largestFlowOut.
             * @member {Long} largestFlowOut
             * @memberof freshet.v1.PairSummary
             * @instance
             */
            PairSummary.prototype.largestFlowOut = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Encodes the specified PairSummary message. Does not implicitly {@link freshet.v1.PairSummary.verify|verify} messages.
             * @function encode
             * @memberof freshet.v1.PairSummary
             * @static
             * @param {freshet.v1.PairSummary.$Properties} message PairSummary message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            PairSummary.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.identityKey != null && $Object.hasOwnProperty.call(message, "identityKey") && message.identityKey !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.identityKey);
                if (message.destination != null && $Object.hasOwnProperty.call(message, "destination"))
                    $root.freshet.v1.Destination.encode(message.destination, writer.uint32(/* id 2, wireType 2 =*/18).fork(), _depth + 1).ldelim();
                if (message.hourNs != null && $Object.hasOwnProperty.call(message, "hourNs") && (typeof message.hourNs === "object" ? message.hourNs.low || message.hourNs.high : message.hourNs !== 0))
                    writer.uint32(/* id 3, wireType 1 =*/25).fixed64(message.hourNs);
                if (message.bytesOut != null && $Object.hasOwnProperty.call(message, "bytesOut") && (typeof message.bytesOut === "object" ? message.bytesOut.low || message.bytesOut.high : message.bytesOut !== 0))
                    writer.uint32(/* id 4, wireType 0 =*/32).uint64(message.bytesOut);
                if (message.bytesIn != null && $Object.hasOwnProperty.call(message, "bytesIn") && (typeof message.bytesIn === "object" ? message.bytesIn.low || message.bytesIn.high : message.bytesIn !== 0))
                    writer.uint32(/* id 5, wireType 0 =*/40).uint64(message.bytesIn);
                if (message.flows != null && $Object.hasOwnProperty.call(message, "flows") && message.flows !== 0)
                    writer.uint32(/* id 6, wireType 0 =*/48).uint32(message.flows);
                if (message.largestFlowOut != null && $Object.hasOwnProperty.call(message, "largestFlowOut") && (typeof message.largestFlowOut === "object" ? message.largestFlowOut.low || message.largestFlowOut.high : message.largestFlowOut !== 0))
                    writer.uint32(/* id 7, wireType 0 =*/56).uint64(message.largestFlowOut);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a PairSummary message from the specified reader or buffer.
             * @function decode
             * @memberof freshet.v1.PairSummary
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {freshet.v1.PairSummary & freshet.v1.PairSummary.$Shape} PairSummary
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            PairSummary.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.freshet.v1.PairSummary();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.identityKey = value;
                            else
                                delete message.identityKey;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            message.destination = $root.freshet.v1.Destination.decode(reader, reader.size(), $undefined, _depth + 1, message.destination);
                            continue;
                        }
                    case 3: {
                            if (wireType !== 1)
                                break;
                            if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                message.hourNs = value;
                            else
                                delete message.hourNs;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.bytesOut = value;
                            else
                                delete message.bytesOut;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.bytesIn = value;
                            else
                                delete message.bytesIn;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.flows = value;
                            else
                                delete message.flows;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.largestFlowOut = value;
                            else
                                delete message.largestFlowOut;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            /**
             * Gets the type url for PairSummary
             * @function getTypeUrl
             * @memberof freshet.v1.PairSummary
             * @static
             * @param {string} [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns {string} The type url
             */
            PairSummary.getTypeUrl = function(prefix) {
                if (prefix === $undefined)
                    prefix = "type.googleapis.com";
                return prefix + "/freshet.v1.PairSummary";
            };

            return PairSummary;
        })();

        v1.Health = (function() {

            /**
             * Properties of a Health.
             * @typedef {Object} freshet.v1.Health.$Properties
             * @property {string|null} [kind] Health kind
             * @property {string|null} [text] Health text
             * @property {Long|null} [count] Health count
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Health.
             * @memberof freshet.v1
             * @interface IHealth
             * @augments freshet.v1.Health.$Properties
             * @deprecated Use freshet.v1.Health.$Properties instead.
             */

            /**
             * Shape of a Health.
             * @typedef {freshet.v1.Health.$Properties} freshet.v1.Health.$Shape
             */

            /**
             * Constructs a new Health.
             * @memberof freshet.v1
             * @classdesc Represents a Health.
             * @constructor
             * @param {freshet.v1.Health.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Health = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Health kind.
             * @member {string} kind
             * @memberof freshet.v1.Health
             * @instance
             */
            Health.prototype.kind = "";

            /**
             * Health text.
             * @member {string} text
             * @memberof freshet.v1.Health
             * @instance
             */
            Health.prototype.text = "";

            /**
             * Health count.
             * @member {Long} count
             * @memberof freshet.v1.Health
             * @instance
             */
            Health.prototype.count = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Encodes the specified Health message. Does not implicitly {@link freshet.v1.Health.verify|verify} messages.
             * @function encode
             * @memberof freshet.v1.Health
             * @static
             * @param {freshet.v1.Health.$Properties} message Health message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Health.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.kind != null && $Object.hasOwnProperty.call(message, "kind") && message.kind !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.kind);
                if (message.text != null && $Object.hasOwnProperty.call(message, "text") && message.text !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.text);
                if (message.count != null && $Object.hasOwnProperty.call(message, "count") && (typeof message.count === "object" ? message.count.low || message.count.high : message.count !== 0))
                    writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.count);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Health message from the specified reader or buffer.
             * @function decode
             * @memberof freshet.v1.Health
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {freshet.v1.Health & freshet.v1.Health.$Shape} Health
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Health.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.freshet.v1.Health();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.kind = value;
                            else
                                delete message.kind;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.text = value;
                            else
                                delete message.text;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.count = value;
                            else
                                delete message.count;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            /**
             * Gets the type url for Health
             * @function getTypeUrl
             * @memberof freshet.v1.Health
             * @static
             * @param {string} [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns {string} The type url
             */
            Health.getTypeUrl = function(prefix) {
                if (prefix === $undefined)
                    prefix = "type.googleapis.com";
                return prefix + "/freshet.v1.Health";
            };

            return Health;
        })();

        v1.Live = (function() {

            /**
             * Properties of a Live.
             * @typedef {Object} freshet.v1.Live.$Properties
             * @property {Long|null} [atNs] Live atNs
             * @property {Long|null} [records] Live records
             * @property {Long|null} [execs] Live execs
             * @property {Long|null} [flows] Live flows
             * @property {number|null} [processes] Live processes
             * @property {number|null} [openFlows] Live openFlows
             * @property {number|null} [identities] Live identities
             * @property {Long|null} [bytesOut] Live bytesOut
             * @property {Long|null} [bytesIn] Live bytesIn
             * @property {Long|null} [unattributedFlows] Live unattributedFlows
             * @property {Long|null} [lost] Live lost
             * @property {Long|null} [outboxItems] Live outboxItems
             * @property {Long|null} [outboxEvicted] Live outboxEvicted
             * @property {Long|null} [alerts] Live alerts
             * @property {string|null} [degraded] Live degraded
             * @property {Array.<freshet.v1.LiveFlow.$Properties>|null} [top] Live top
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Live.
             * @memberof freshet.v1
             * @interface ILive
             * @augments freshet.v1.Live.$Properties
             * @deprecated Use freshet.v1.Live.$Properties instead.
             */

            /**
             * Shape of a Live.
             * @typedef {freshet.v1.Live.$Properties} freshet.v1.Live.$Shape
             */

            /**
             * Constructs a new Live.
             * @memberof freshet.v1
             * @classdesc Represents a Live.
             * @constructor
             * @param {freshet.v1.Live.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Live = function (properties) {
                this.top = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Live atNs.
             * @member {Long} atNs
             * @memberof freshet.v1.Live
             * @instance
             */
            Live.prototype.atNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Live records.
             * @member {Long} records
             * @memberof freshet.v1.Live
             * @instance
             */
            Live.prototype.records = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Live execs.
             * @member {Long} execs
             * @memberof freshet.v1.Live
             * @instance
             */
            Live.prototype.execs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Live flows.
             * @member {Long} flows
             * @memberof freshet.v1.Live
             * @instance
             */
            Live.prototype.flows = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Live processes.
             * @member {number} processes
             * @memberof freshet.v1.Live
             * @instance
             */
            Live.prototype.processes = 0;

            /**
             * Live openFlows.
             * @member {number} openFlows
             * @memberof freshet.v1.Live
             * @instance
             */
            Live.prototype.openFlows = 0;

            /**
             * Live identities.
             * @member {number} identities
             * @memberof freshet.v1.Live
             * @instance
             */
            Live.prototype.identities = 0;

            /**
             * Live bytesOut.
             * @member {Long} bytesOut
             * @memberof freshet.v1.Live
             * @instance
             */
            Live.prototype.bytesOut = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Live bytesIn.
             * @member {Long} bytesIn
             * @memberof freshet.v1.Live
             * @instance
             */
            Live.prototype.bytesIn = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Live unattributedFlows.
             * @member {Long} unattributedFlows
             * @memberof freshet.v1.Live
             * @instance
             */
            Live.prototype.unattributedFlows = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Live lost.
             * @member {Long} lost
             * @memberof freshet.v1.Live
             * @instance
             */
            Live.prototype.lost = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Live outboxItems.
             * @member {Long} outboxItems
             * @memberof freshet.v1.Live
             * @instance
             */
            Live.prototype.outboxItems = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Live outboxEvicted.
             * @member {Long} outboxEvicted
             * @memberof freshet.v1.Live
             * @instance
             */
            Live.prototype.outboxEvicted = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Live alerts.
             * @member {Long} alerts
             * @memberof freshet.v1.Live
             * @instance
             */
            Live.prototype.alerts = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Live degraded.
             * @member {string} degraded
             * @memberof freshet.v1.Live
             * @instance
             */
            Live.prototype.degraded = "";

            /**
             * Live top.
             * @member {Array.<freshet.v1.LiveFlow.$Properties>} top
             * @memberof freshet.v1.Live
             * @instance
             */
            Live.prototype.top = $util.emptyArray;

            /**
             * Encodes the specified Live message. Does not implicitly {@link freshet.v1.Live.verify|verify} messages.
             * @function encode
             * @memberof freshet.v1.Live
             * @static
             * @param {freshet.v1.Live.$Properties} message Live message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Live.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.atNs != null && $Object.hasOwnProperty.call(message, "atNs") && (typeof message.atNs === "object" ? message.atNs.low || message.atNs.high : message.atNs !== 0))
                    writer.uint32(/* id 1, wireType 1 =*/9).fixed64(message.atNs);
                if (message.records != null && $Object.hasOwnProperty.call(message, "records") && (typeof message.records === "object" ? message.records.low || message.records.high : message.records !== 0))
                    writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.records);
                if (message.execs != null && $Object.hasOwnProperty.call(message, "execs") && (typeof message.execs === "object" ? message.execs.low || message.execs.high : message.execs !== 0))
                    writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.execs);
                if (message.flows != null && $Object.hasOwnProperty.call(message, "flows") && (typeof message.flows === "object" ? message.flows.low || message.flows.high : message.flows !== 0))
                    writer.uint32(/* id 4, wireType 0 =*/32).uint64(message.flows);
                if (message.processes != null && $Object.hasOwnProperty.call(message, "processes") && message.processes !== 0)
                    writer.uint32(/* id 5, wireType 0 =*/40).uint32(message.processes);
                if (message.openFlows != null && $Object.hasOwnProperty.call(message, "openFlows") && message.openFlows !== 0)
                    writer.uint32(/* id 6, wireType 0 =*/48).uint32(message.openFlows);
                if (message.identities != null && $Object.hasOwnProperty.call(message, "identities") && message.identities !== 0)
                    writer.uint32(/* id 7, wireType 0 =*/56).uint32(message.identities);
                if (message.bytesOut != null && $Object.hasOwnProperty.call(message, "bytesOut") && (typeof message.bytesOut === "object" ? message.bytesOut.low || message.bytesOut.high : message.bytesOut !== 0))
                    writer.uint32(/* id 8, wireType 0 =*/64).uint64(message.bytesOut);
                if (message.bytesIn != null && $Object.hasOwnProperty.call(message, "bytesIn") && (typeof message.bytesIn === "object" ? message.bytesIn.low || message.bytesIn.high : message.bytesIn !== 0))
                    writer.uint32(/* id 9, wireType 0 =*/72).uint64(message.bytesIn);
                if (message.unattributedFlows != null && $Object.hasOwnProperty.call(message, "unattributedFlows") && (typeof message.unattributedFlows === "object" ? message.unattributedFlows.low || message.unattributedFlows.high : message.unattributedFlows !== 0))
                    writer.uint32(/* id 10, wireType 0 =*/80).uint64(message.unattributedFlows);
                if (message.lost != null && $Object.hasOwnProperty.call(message, "lost") && (typeof message.lost === "object" ? message.lost.low || message.lost.high : message.lost !== 0))
                    writer.uint32(/* id 11, wireType 0 =*/88).uint64(message.lost);
                if (message.outboxItems != null && $Object.hasOwnProperty.call(message, "outboxItems") && (typeof message.outboxItems === "object" ? message.outboxItems.low || message.outboxItems.high : message.outboxItems !== 0))
                    writer.uint32(/* id 12, wireType 0 =*/96).uint64(message.outboxItems);
                if (message.outboxEvicted != null && $Object.hasOwnProperty.call(message, "outboxEvicted") && (typeof message.outboxEvicted === "object" ? message.outboxEvicted.low || message.outboxEvicted.high : message.outboxEvicted !== 0))
                    writer.uint32(/* id 13, wireType 0 =*/104).uint64(message.outboxEvicted);
                if (message.alerts != null && $Object.hasOwnProperty.call(message, "alerts") && (typeof message.alerts === "object" ? message.alerts.low || message.alerts.high : message.alerts !== 0))
                    writer.uint32(/* id 14, wireType 0 =*/112).uint64(message.alerts);
                if (message.degraded != null && $Object.hasOwnProperty.call(message, "degraded") && message.degraded !== "")
                    writer.uint32(/* id 15, wireType 2 =*/122).string(message.degraded);
                if (message.top != null && message.top.length)
                    for (let i = 0; i < message.top.length; ++i)
                        $root.freshet.v1.LiveFlow.encode(message.top[i], writer.uint32(/* id 16, wireType 2 =*/130).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Live message from the specified reader or buffer.
             * @function decode
             * @memberof freshet.v1.Live
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {freshet.v1.Live & freshet.v1.Live.$Shape} Live
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Live.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.freshet.v1.Live();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 1)
                                break;
                            if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                message.atNs = value;
                            else
                                delete message.atNs;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.records = value;
                            else
                                delete message.records;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.execs = value;
                            else
                                delete message.execs;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.flows = value;
                            else
                                delete message.flows;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.processes = value;
                            else
                                delete message.processes;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.openFlows = value;
                            else
                                delete message.openFlows;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.identities = value;
                            else
                                delete message.identities;
                            continue;
                        }
                    case 8: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.bytesOut = value;
                            else
                                delete message.bytesOut;
                            continue;
                        }
                    case 9: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.bytesIn = value;
                            else
                                delete message.bytesIn;
                            continue;
                        }
                    case 10: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.unattributedFlows = value;
                            else
                                delete message.unattributedFlows;
                            continue;
                        }
                    case 11: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.lost = value;
                            else
                                delete message.lost;
                            continue;
                        }
                    case 12: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.outboxItems = value;
                            else
                                delete message.outboxItems;
                            continue;
                        }
                    case 13: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.outboxEvicted = value;
                            else
                                delete message.outboxEvicted;
                            continue;
                        }
                    case 14: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.alerts = value;
                            else
                                delete message.alerts;
                            continue;
                        }
                    case 15: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.degraded = value;
                            else
                                delete message.degraded;
                            continue;
                        }
                    case 16: {
                            if (wireType !== 2)
                                break;
                            if (!(message.top && message.top.length))
                                message.top = [];
                            message.top.push($root.freshet.v1.LiveFlow.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            /**
             * Gets the type url for Live
             * @function getTypeUrl
             * @memberof freshet.v1.Live
             * @static
             * @param {string} [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns {string} The type url
             */
            Live.getTypeUrl = function(prefix) {
                if (prefix === $undefined)
                    prefix = "type.googleapis.com";
                return prefix + "/freshet.v1.Live";
            };

            return Live;
        })();

        v1.LiveFlow = (function() {

            /**
             * Properties of a LiveFlow.
             * @typedef {Object} freshet.v1.LiveFlow.$Properties
             * @property {string|null} [name] LiveFlow name
             * @property {string|null} [destination] LiveFlow destination
             * @property {Long|null} [bytesOut] LiveFlow bytesOut
             * @property {Long|null} [bytesIn] LiveFlow bytesIn
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a LiveFlow.
             * @memberof freshet.v1
             * @interface ILiveFlow
             * @augments freshet.v1.LiveFlow.$Properties
             * @deprecated Use freshet.v1.LiveFlow.$Properties instead.
             */

            /**
             * Shape of a LiveFlow.
             * @typedef {freshet.v1.LiveFlow.$Properties} freshet.v1.LiveFlow.$Shape
             */

            /**
             * Constructs a new LiveFlow.
             * @memberof freshet.v1
             * @classdesc Represents a LiveFlow.
             * @constructor
             * @param {freshet.v1.LiveFlow.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const LiveFlow = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * LiveFlow name.
             * @member {string} name
             * @memberof freshet.v1.LiveFlow
             * @instance
             */
            LiveFlow.prototype.name = "";

            /**
             * LiveFlow destination.
             * @member {string} destination
             * @memberof freshet.v1.LiveFlow
             * @instance
             */
            LiveFlow.prototype.destination = "";

            /**
             * LiveFlow bytesOut.
             * @member {Long} bytesOut
             * @memberof freshet.v1.LiveFlow
             * @instance
             */
            LiveFlow.prototype.bytesOut = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * LiveFlow bytesIn.
             * @member {Long} bytesIn
             * @memberof freshet.v1.LiveFlow
             * @instance
             */
            LiveFlow.prototype.bytesIn = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Encodes the specified LiveFlow message. Does not implicitly {@link freshet.v1.LiveFlow.verify|verify} messages.
             * @function encode
             * @memberof freshet.v1.LiveFlow
             * @static
             * @param {freshet.v1.LiveFlow.$Properties} message LiveFlow message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            LiveFlow.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.name != null && $Object.hasOwnProperty.call(message, "name") && message.name !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.name);
                if (message.destination != null && $Object.hasOwnProperty.call(message, "destination") && message.destination !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.destination);
                if (message.bytesOut != null && $Object.hasOwnProperty.call(message, "bytesOut") && (typeof message.bytesOut === "object" ? message.bytesOut.low || message.bytesOut.high : message.bytesOut !== 0))
                    writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.bytesOut);
                if (message.bytesIn != null && $Object.hasOwnProperty.call(message, "bytesIn") && (typeof message.bytesIn === "object" ? message.bytesIn.low || message.bytesIn.high : message.bytesIn !== 0))
                    writer.uint32(/* id 4, wireType 0 =*/32).uint64(message.bytesIn);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a LiveFlow message from the specified reader or buffer.
             * @function decode
             * @memberof freshet.v1.LiveFlow
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {freshet.v1.LiveFlow & freshet.v1.LiveFlow.$Shape} LiveFlow
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            LiveFlow.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.freshet.v1.LiveFlow();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.name = value;
                            else
                                delete message.name;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.destination = value;
                            else
                                delete message.destination;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.bytesOut = value;
                            else
                                delete message.bytesOut;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.bytesIn = value;
                            else
                                delete message.bytesIn;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            /**
             * Gets the type url for LiveFlow
             * @function getTypeUrl
             * @memberof freshet.v1.LiveFlow
             * @static
             * @param {string} [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns {string} The type url
             */
            LiveFlow.getTypeUrl = function(prefix) {
                if (prefix === $undefined)
                    prefix = "type.googleapis.com";
                return prefix + "/freshet.v1.LiveFlow";
            };

            return LiveFlow;
        })();

        return v1;
    })();

    return freshet;
})();

export {
  $root as default
};
