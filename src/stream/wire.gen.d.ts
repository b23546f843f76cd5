import * as $protobuf from "protobufjs";
import Long = require("long");

/** Namespace freshet. */
export namespace freshet {

    /** Namespace v1. */
    namespace v1 {

        /**
         * Properties of an Envelope.
         * @deprecated Use freshet.v1.Envelope.$Properties instead.
         */
        interface IEnvelope extends freshet.v1.Envelope.$Properties {
        }

        /** Represents an Envelope. */
        class Envelope {

            /**
             * Constructs a new Envelope.
             * @param [properties] Properties to set
             */
            constructor(properties?: freshet.v1.Envelope.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Envelope hello. */
            hello?: (freshet.v1.Hello.$Properties|null);

            /** Envelope welcome. */
            welcome?: (freshet.v1.Welcome.$Properties|null);

            /** Envelope batch. */
            batch?: (freshet.v1.Batch.$Properties|null);

            /** Envelope ack. */
            ack?: (freshet.v1.Ack.$Properties|null);

            /** Envelope live. */
            live?: (freshet.v1.Live.$Properties|null);

            /** Envelope goodbye. */
            goodbye?: (freshet.v1.Goodbye.$Properties|null);

            /** Envelope body. */
            body?: ("hello"|"welcome"|"batch"|"ack"|"live"|"goodbye");

            /**
             * Encodes the specified Envelope message. Does not implicitly {@link freshet.v1.Envelope.verify|verify} messages.
             * @param message Envelope message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: freshet.v1.Envelope.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Envelope message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {freshet.v1.Envelope & freshet.v1.Envelope.$Shape} Envelope
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Envelope & freshet.v1.Envelope.$Shape;

            /**
             * Gets the type url for Envelope
             * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns The type url
             */
            static getTypeUrl(prefix?: string): string;
        }

        namespace Envelope {

            /** Properties of an Envelope. */
            interface $Properties {

                /** Envelope hello */
                hello?: (freshet.v1.Hello.$Properties|null);

                /** Envelope welcome */
                welcome?: (freshet.v1.Welcome.$Properties|null);

                /** Envelope batch */
                batch?: (freshet.v1.Batch.$Properties|null);

                /** Envelope ack */
                ack?: (freshet.v1.Ack.$Properties|null);

                /** Envelope live */
                live?: (freshet.v1.Live.$Properties|null);

                /** Envelope goodbye */
                goodbye?: (freshet.v1.Goodbye.$Properties|null);

                /** Envelope body */
                body?: ("hello"|"welcome"|"batch"|"ack"|"live"|"goodbye");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of an Envelope. */
            type $Shape = {
              hello?: freshet.v1.Hello.$Shape|null;
              welcome?: freshet.v1.Welcome.$Shape|null;
              batch?: freshet.v1.Batch.$Shape|null;
              ack?: freshet.v1.Ack.$Shape|null;
              live?: freshet.v1.Live.$Shape|null;
              goodbye?: freshet.v1.Goodbye.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ body?: undefined; hello?: null; welcome?: null; batch?: null; ack?: null; live?: null; goodbye?: null }|{ body?: "hello"; hello: freshet.v1.Hello.$Shape; welcome?: null; batch?: null; ack?: null; live?: null; goodbye?: null }|{ body?: "welcome"; hello?: null; welcome: freshet.v1.Welcome.$Shape; batch?: null; ack?: null; live?: null; goodbye?: null }|{ body?: "batch"; hello?: null; welcome?: null; batch: freshet.v1.Batch.$Shape; ack?: null; live?: null; goodbye?: null }|{ body?: "ack"; hello?: null; welcome?: null; batch?: null; ack: freshet.v1.Ack.$Shape; live?: null; goodbye?: null }|{ body?: "live"; hello?: null; welcome?: null; batch?: null; ack?: null; live: freshet.v1.Live.$Shape; goodbye?: null }|{ body?: "goodbye"; hello?: null; welcome?: null; batch?: null; ack?: null; live?: null; goodbye: freshet.v1.Goodbye.$Shape })
            );
        }

        /**
         * Properties of a Hello.
         * @deprecated Use freshet.v1.Hello.$Properties instead.
         */
        interface IHello extends freshet.v1.Hello.$Properties {
        }

        /** Represents a Hello. */
        class Hello {

            /**
             * Constructs a new Hello.
             * @param [properties] Properties to set
             */
            constructor(properties?: freshet.v1.Hello.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Hello deviceId. */
            deviceId: string;

            /** Hello agentVersion. */
            agentVersion: string;

            /** Hello sentAtNs. */
            sentAtNs: Long;

            /** Hello capabilities. */
            capabilities: Long;

            /** Hello host. */
            host?: (freshet.v1.Host.$Properties|null);

            /**
             * Encodes the specified Hello message. Does not implicitly {@link freshet.v1.Hello.verify|verify} messages.
             * @param message Hello message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: freshet.v1.Hello.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Hello message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {freshet.v1.Hello & freshet.v1.Hello.$Shape} Hello
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Hello & freshet.v1.Hello.$Shape;

            /**
             * Gets the type url for Hello
             * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns The type url
             */
            static getTypeUrl(prefix?: string): string;
        }

        namespace Hello {

            /** Properties of a Hello. */
            interface $Properties {

                /** Hello deviceId */
                deviceId?: (string|null);

                /** Hello agentVersion */
                agentVersion?: (string|null);

                /** Hello sentAtNs */
                sentAtNs?: (Long|null);

                /** Hello capabilities */
                capabilities?: (Long|null);

                /** Hello host */
                host?: (freshet.v1.Host.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Hello. */
            type $Shape = freshet.v1.Hello.$Properties;
        }

        /**
         * Properties of a Host.
         * @deprecated Use freshet.v1.Host.$Properties instead.
         */
        interface IHost extends freshet.v1.Host.$Properties {
        }

        /** Represents a Host. */
        class Host {

            /**
             * Constructs a new Host.
             * @param [properties] Properties to set
             */
            constructor(properties?: freshet.v1.Host.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Host hostname. */
            hostname: string;

            /** Host os. */
            os: string;

            /** Host osVersion. */
            osVersion: string;

            /** Host osBuild. */
            osBuild: string;

            /** Host hardware. */
            hardware: string;

            /** Host arch. */
            arch: string;

            /** Host bootId. */
            bootId: string;

            /**
             * Encodes the specified Host message. Does not implicitly {@link freshet.v1.Host.verify|verify} messages.
             * @param message Host message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: freshet.v1.Host.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Host message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {freshet.v1.Host & freshet.v1.Host.$Shape} Host
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Host & freshet.v1.Host.$Shape;

            /**
             * Gets the type url for Host
             * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns The type url
             */
            static getTypeUrl(prefix?: string): string;
        }

        namespace Host {

            /** Properties of a Host. */
            interface $Properties {

                /** Host hostname */
                hostname?: (string|null);

                /** Host os */
                os?: (string|null);

                /** Host osVersion */
                osVersion?: (string|null);

                /** Host osBuild */
                osBuild?: (string|null);

                /** Host hardware */
                hardware?: (string|null);

                /** Host arch */
                arch?: (string|null);

                /** Host bootId */
                bootId?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Host. */
            type $Shape = freshet.v1.Host.$Properties;
        }

        /**
         * Properties of a Welcome.
         * @deprecated Use freshet.v1.Welcome.$Properties instead.
         */
        interface IWelcome extends freshet.v1.Welcome.$Properties {
        }

        /** Represents a Welcome. */
        class Welcome {

            /**
             * Constructs a new Welcome.
             * @param [properties] Properties to set
             */
            constructor(properties?: freshet.v1.Welcome.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Welcome lastSequence. */
            lastSequence: Long;

            /** Welcome capabilities. */
            capabilities: Long;

            /** Welcome receivedAtNs. */
            receivedAtNs: Long;

            /** Welcome creditItems. */
            creditItems: number;

            /** Welcome backoffMaxMs. */
            backoffMaxMs: number;

            /**
             * Encodes the specified Welcome message. Does not implicitly {@link freshet.v1.Welcome.verify|verify} messages.
             * @param message Welcome message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: freshet.v1.Welcome.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Welcome message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {freshet.v1.Welcome & freshet.v1.Welcome.$Shape} Welcome
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Welcome & freshet.v1.Welcome.$Shape;

            /**
             * Gets the type url for Welcome
             * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns The type url
             */
            static getTypeUrl(prefix?: string): string;
        }

        namespace Welcome {

            /** Properties of a Welcome. */
            interface $Properties {

                /** Welcome lastSequence */
                lastSequence?: (Long|null);

                /** Welcome capabilities */
                capabilities?: (Long|null);

                /** Welcome receivedAtNs */
                receivedAtNs?: (Long|null);

                /** Welcome creditItems */
                creditItems?: (number|null);

                /** Welcome backoffMaxMs */
                backoffMaxMs?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Welcome. */
            type $Shape = freshet.v1.Welcome.$Properties;
        }

        /**
         * Properties of a Batch.
         * @deprecated Use freshet.v1.Batch.$Properties instead.
         */
        interface IBatch extends freshet.v1.Batch.$Properties {
        }

        /** Represents a Batch. */
        class Batch {

            /**
             * Constructs a new Batch.
             * @param [properties] Properties to set
             */
            constructor(properties?: freshet.v1.Batch.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Batch items. */
            items: freshet.v1.Item.$Properties[];

            /**
             * Encodes the specified Batch message. Does not implicitly {@link freshet.v1.Batch.verify|verify} messages.
             * @param message Batch message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: freshet.v1.Batch.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Batch message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {freshet.v1.Batch & freshet.v1.Batch.$Shape} Batch
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Batch & freshet.v1.Batch.$Shape;

            /**
             * Gets the type url for Batch
             * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns The type url
             */
            static getTypeUrl(prefix?: string): string;
        }

        namespace Batch {

            /** Properties of a Batch. */
            interface $Properties {

                /** Batch items */
                items?: (freshet.v1.Item.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Batch. */
            type $Shape = {
              items?: freshet.v1.Item.$Shape[]|null;
              $unknowns?: Uint8Array[];
            };
        }

        /**
         * Properties of an Item.
         * @deprecated Use freshet.v1.Item.$Properties instead.
         */
        interface IItem extends freshet.v1.Item.$Properties {
        }

        /** Represents an Item. */
        class Item {

            /**
             * Constructs a new Item.
             * @param [properties] Properties to set
             */
            constructor(properties?: freshet.v1.Item.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Item id. */
            id: Uint8Array;

            /** Item sequence. */
            sequence: Long;

            /** Item atNs. */
            atNs: Long;

            /** Item alert. */
            alert?: (freshet.v1.Alert.$Properties|null);

            /** Item sighting. */
            sighting?: (freshet.v1.Sighting.$Properties|null);

            /** Item summary. */
            summary?: (freshet.v1.PairSummary.$Properties|null);

            /** Item health. */
            health?: (freshet.v1.Health.$Properties|null);

            /** Item content. */
            content?: ("alert"|"sighting"|"summary"|"health");

            /**
             * Encodes the specified Item message. Does not implicitly {@link freshet.v1.Item.verify|verify} messages.
             * @param message Item message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: freshet.v1.Item.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Item message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {freshet.v1.Item & freshet.v1.Item.$Shape} Item
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Item & freshet.v1.Item.$Shape;

            /**
             * Gets the type url for Item
             * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns The type url
             */
            static getTypeUrl(prefix?: string): string;
        }

        namespace Item {

            /** Properties of an Item. */
            interface $Properties {

                /** Item id */
                id?: (Uint8Array|null);

                /** Item sequence */
                sequence?: (Long|null);

                /** Item atNs */
                atNs?: (Long|null);

                /** Item alert */
                alert?: (freshet.v1.Alert.$Properties|null);

                /** Item sighting */
                sighting?: (freshet.v1.Sighting.$Properties|null);

                /** Item summary */
                summary?: (freshet.v1.PairSummary.$Properties|null);

                /** Item health */
                health?: (freshet.v1.Health.$Properties|null);

                /** Item content */
                content?: ("alert"|"sighting"|"summary"|"health");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of an Item. */
            type $Shape = {
              id?: Uint8Array|null;
              sequence?: Long|null;
              atNs?: Long|null;
              alert?: freshet.v1.Alert.$Shape|null;
              sighting?: freshet.v1.Sighting.$Shape|null;
              summary?: freshet.v1.PairSummary.$Shape|null;
              health?: freshet.v1.Health.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ content?: undefined; alert?: null; sighting?: null; summary?: null; health?: null }|{ content?: "alert"; alert: freshet.v1.Alert.$Shape; sighting?: null; summary?: null; health?: null }|{ content?: "sighting"; alert?: null; sighting: freshet.v1.Sighting.$Shape; summary?: null; health?: null }|{ content?: "summary"; alert?: null; sighting?: null; summary: freshet.v1.PairSummary.$Shape; health?: null }|{ content?: "health"; alert?: null; sighting?: null; summary?: null; health: freshet.v1.Health.$Shape })
            );
        }

        /**
         * Properties of an Ack.
         * @deprecated Use freshet.v1.Ack.$Properties instead.
         */
        interface IAck extends freshet.v1.Ack.$Properties {
        }

        /** Represents an Ack. */
        class Ack {

            /**
             * Constructs a new Ack.
             * @param [properties] Properties to set
             */
            constructor(properties?: freshet.v1.Ack.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Ack throughSequence. */
            throughSequence: Long;

            /** Ack rejects. */
            rejects: freshet.v1.Reject.$Properties[];

            /**
             * Encodes the specified Ack message. Does not implicitly {@link freshet.v1.Ack.verify|verify} messages.
             * @param message Ack message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: freshet.v1.Ack.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Ack message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {freshet.v1.Ack & freshet.v1.Ack.$Shape} Ack
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Ack & freshet.v1.Ack.$Shape;

            /**
             * Gets the type url for Ack
             * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns The type url
             */
            static getTypeUrl(prefix?: string): string;
        }

        namespace Ack {

            /** Properties of an Ack. */
            interface $Properties {

                /** Ack throughSequence */
                throughSequence?: (Long|null);

                /** Ack rejects */
                rejects?: (freshet.v1.Reject.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Ack. */
            type $Shape = freshet.v1.Ack.$Properties;
        }

        /**
         * Properties of a Reject.
         * @deprecated Use freshet.v1.Reject.$Properties instead.
         */
        interface IReject extends freshet.v1.Reject.$Properties {
        }

        /** Represents a Reject. */
        class Reject {

            /**
             * Constructs a new Reject.
             * @param [properties] Properties to set
             */
            constructor(properties?: freshet.v1.Reject.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Reject sequence. */
            sequence: Long;

            /** Reject reason. */
            reason: string;

            /**
             * Encodes the specified Reject message. Does not implicitly {@link freshet.v1.Reject.verify|verify} messages.
             * @param message Reject message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: freshet.v1.Reject.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Reject message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {freshet.v1.Reject & freshet.v1.Reject.$Shape} Reject
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Reject & freshet.v1.Reject.$Shape;

            /**
             * Gets the type url for Reject
             * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns The type url
             */
            static getTypeUrl(prefix?: string): string;
        }

        namespace Reject {

            /** Properties of a Reject. */
            interface $Properties {

                /** Reject sequence */
                sequence?: (Long|null);

                /** Reject reason */
                reason?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Reject. */
            type $Shape = freshet.v1.Reject.$Properties;
        }

        /**
         * Properties of a Goodbye.
         * @deprecated Use freshet.v1.Goodbye.$Properties instead.
         */
        interface IGoodbye extends freshet.v1.Goodbye.$Properties {
        }

        /** Represents a Goodbye. */
        class Goodbye {

            /**
             * Constructs a new Goodbye.
             * @param [properties] Properties to set
             */
            constructor(properties?: freshet.v1.Goodbye.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Goodbye reason. */
            reason: string;

            /**
             * Encodes the specified Goodbye message. Does not implicitly {@link freshet.v1.Goodbye.verify|verify} messages.
             * @param message Goodbye message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: freshet.v1.Goodbye.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Goodbye message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {freshet.v1.Goodbye & freshet.v1.Goodbye.$Shape} Goodbye
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Goodbye & freshet.v1.Goodbye.$Shape;

            /**
             * Gets the type url for Goodbye
             * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns The type url
             */
            static getTypeUrl(prefix?: string): string;
        }

        namespace Goodbye {

            /** Properties of a Goodbye. */
            interface $Properties {

                /** Goodbye reason */
                reason?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Goodbye. */
            type $Shape = freshet.v1.Goodbye.$Properties;
        }

        /** Severity enum. */
        enum Severity {

            /** SEVERITY_UNSPECIFIED value */
            SEVERITY_UNSPECIFIED = 0,

            /** LOW value */
            LOW = 1,

            /** MEDIUM value */
            MEDIUM = 2,

            /** HIGH value */
            HIGH = 3
        }

        /** AlertState enum. */
        enum AlertState {

            /** STATE_UNSPECIFIED value */
            STATE_UNSPECIFIED = 0,

            /** OPENED value */
            OPENED = 1,

            /** UPDATED value */
            UPDATED = 2,

            /** FINAL value */
            FINAL = 3
        }

        /**
         * Properties of an Alert.
         * @deprecated Use freshet.v1.Alert.$Properties instead.
         */
        interface IAlert extends freshet.v1.Alert.$Properties {
        }

        /** Represents an Alert. */
        class Alert {

            /**
             * Constructs a new Alert.
             * @param [properties] Properties to set
             */
            constructor(properties?: freshet.v1.Alert.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Alert alertId. */
            alertId: string;

            /** Alert revision. */
            revision: number;

            /** Alert state. */
            state: freshet.v1.AlertState;

            /** Alert severity. */
            severity: freshet.v1.Severity;

            /** Alert score. */
            score: number;

            /** Alert sentence. */
            sentence: string;

            /** Alert reasons. */
            reasons: freshet.v1.Reason.$Properties[];

            /** Alert openedAtNs. */
            openedAtNs: Long;

            /** Alert updatedAtNs. */
            updatedAtNs: Long;

            /** Alert identity. */
            identity?: (freshet.v1.Identity.$Properties|null);

            /** Alert chain. */
            chain: freshet.v1.Process.$Properties[];

            /** Alert destination. */
            destination?: (freshet.v1.Destination.$Properties|null);

            /** Alert bytesOut. */
            bytesOut: Long;

            /** Alert bytesIn. */
            bytesIn: Long;

            /** Alert flows. */
            flows: number;

            /** Alert silentFlows. */
            silentFlows: number;

            /** Alert largestFlow. */
            largestFlow?: (freshet.v1.LargestFlow.$Properties|null);

            /** Alert timeline. */
            timeline?: (freshet.v1.Timeline.$Properties|null);

            /** Alert policyVersion. */
            policyVersion: number;

            /** Alert techniques. */
            techniques: string[];

            /** Alert responsibleKey. */
            responsibleKey: string;

            /**
             * Encodes the specified Alert message. Does not implicitly {@link freshet.v1.Alert.verify|verify} messages.
             * @param message Alert message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: freshet.v1.Alert.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Alert message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {freshet.v1.Alert & freshet.v1.Alert.$Shape} Alert
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Alert & freshet.v1.Alert.$Shape;

            /**
             * Gets the type url for Alert
             * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns The type url
             */
            static getTypeUrl(prefix?: string): string;
        }

        namespace Alert {

            /** Properties of an Alert. */
            interface $Properties {

                /** Alert alertId */
                alertId?: (string|null);

                /** Alert revision */
                revision?: (number|null);

                /** Alert state */
                state?: (freshet.v1.AlertState|null);

                /** Alert severity */
                severity?: (freshet.v1.Severity|null);

                /** Alert score */
                score?: (number|null);

                /** Alert sentence */
                sentence?: (string|null);

                /** Alert reasons */
                reasons?: (freshet.v1.Reason.$Properties[]|null);

                /** Alert openedAtNs */
                openedAtNs?: (Long|null);

                /** Alert updatedAtNs */
                updatedAtNs?: (Long|null);

                /** Alert identity */
                identity?: (freshet.v1.Identity.$Properties|null);

                /** Alert chain */
                chain?: (freshet.v1.Process.$Properties[]|null);

                /** Alert destination */
                destination?: (freshet.v1.Destination.$Properties|null);

                /** Alert bytesOut */
                bytesOut?: (Long|null);

                /** Alert bytesIn */
                bytesIn?: (Long|null);

                /** Alert flows */
                flows?: (number|null);

                /** Alert silentFlows */
                silentFlows?: (number|null);

                /** Alert largestFlow */
                largestFlow?: (freshet.v1.LargestFlow.$Properties|null);

                /** Alert timeline */
                timeline?: (freshet.v1.Timeline.$Properties|null);

                /** Alert policyVersion */
                policyVersion?: (number|null);

                /** Alert techniques */
                techniques?: (string[]|null);

                /** Alert responsibleKey */
                responsibleKey?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Alert. */
            type $Shape = freshet.v1.Alert.$Properties;
        }

        /**
         * Properties of a Reason.
         * @deprecated Use freshet.v1.Reason.$Properties instead.
         */
        interface IReason extends freshet.v1.Reason.$Properties {
        }

        /** Represents a Reason. */
        class Reason {

            /**
             * Constructs a new Reason.
             * @param [properties] Properties to set
             */
            constructor(properties?: freshet.v1.Reason.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Reason term. */
            term: string;

            /** Reason points. */
            points: number;

            /** Reason value. */
            value: number;

            /** Reason threshold. */
            threshold: number;

            /** Reason unit. */
            unit: string;

            /** Reason text. */
            text: string;

            /**
             * Encodes the specified Reason message. Does not implicitly {@link freshet.v1.Reason.verify|verify} messages.
             * @param message Reason message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: freshet.v1.Reason.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Reason message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {freshet.v1.Reason & freshet.v1.Reason.$Shape} Reason
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Reason & freshet.v1.Reason.$Shape;

            /**
             * Gets the type url for Reason
             * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns The type url
             */
            static getTypeUrl(prefix?: string): string;
        }

        namespace Reason {

            /** Properties of a Reason. */
            interface $Properties {

                /** Reason term */
                term?: (string|null);

                /** Reason points */
                points?: (number|null);

                /** Reason value */
                value?: (number|null);

                /** Reason threshold */
                threshold?: (number|null);

                /** Reason unit */
                unit?: (string|null);

                /** Reason text */
                text?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Reason. */
            type $Shape = freshet.v1.Reason.$Properties;
        }

        /**
         * Properties of an Identity.
         * @deprecated Use freshet.v1.Identity.$Properties instead.
         */
        interface IIdentity extends freshet.v1.Identity.$Properties {
        }

        /** Represents an Identity. */
        class Identity {

            /**
             * Constructs a new Identity.
             * @param [properties] Properties to set
             */
            constructor(properties?: freshet.v1.Identity.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Identity key. */
            key: string;

            /** Identity signerClass. */
            signerClass: string;

            /** Identity name. */
            name: string;

            /** Identity path. */
            path: string;

            /** Identity sha256. */
            sha256: string;

            /** Identity signingId. */
            signingId: string;

            /** Identity teamId. */
            teamId: string;

            /** Identity cdhash. */
            cdhash: string;

            /** Identity firstSeenNs. */
            firstSeenNs: Long;

            /** Identity firstNetworkNs. */
            firstNetworkNs: Long;

            /**
             * Encodes the specified Identity message. Does not implicitly {@link freshet.v1.Identity.verify|verify} messages.
             * @param message Identity message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: freshet.v1.Identity.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Identity message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {freshet.v1.Identity & freshet.v1.Identity.$Shape} Identity
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Identity & freshet.v1.Identity.$Shape;

            /**
             * Gets the type url for Identity
             * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns The type url
             */
            static getTypeUrl(prefix?: string): string;
        }

        namespace Identity {

            /** Properties of an Identity. */
            interface $Properties {

                /** Identity key */
                key?: (string|null);

                /** Identity signerClass */
                signerClass?: (string|null);

                /** Identity name */
                name?: (string|null);

                /** Identity path */
                path?: (string|null);

                /** Identity sha256 */
                sha256?: (string|null);

                /** Identity signingId */
                signingId?: (string|null);

                /** Identity teamId */
                teamId?: (string|null);

                /** Identity cdhash */
                cdhash?: (string|null);

                /** Identity firstSeenNs */
                firstSeenNs?: (Long|null);

                /** Identity firstNetworkNs */
                firstNetworkNs?: (Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Identity. */
            type $Shape = freshet.v1.Identity.$Properties;
        }

        /**
         * Properties of a Process.
         * @deprecated Use freshet.v1.Process.$Properties instead.
         */
        interface IProcess extends freshet.v1.Process.$Properties {
        }

        /** Represents a Process. */
        class Process {

            /**
             * Constructs a new Process.
             * @param [properties] Properties to set
             */
            constructor(properties?: freshet.v1.Process.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Process pid. */
            pid: number;

            /** Process pidversion. */
            pidversion: number;

            /** Process path. */
            path: string;

            /** Process script. */
            script: string;

            /** Process uid. */
            uid: number;

            /** Process user. */
            user: string;

            /** Process startedAtNs. */
            startedAtNs: Long;

            /** Process identityKey. */
            identityKey: string;

            /**
             * Encodes the specified Process message. Does not implicitly {@link freshet.v1.Process.verify|verify} messages.
             * @param message Process message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: freshet.v1.Process.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Process message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {freshet.v1.Process & freshet.v1.Process.$Shape} Process
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Process & freshet.v1.Process.$Shape;

            /**
             * Gets the type url for Process
             * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns The type url
             */
            static getTypeUrl(prefix?: string): string;
        }

        namespace Process {

            /** Properties of a Process. */
            interface $Properties {

                /** Process pid */
                pid?: (number|null);

                /** Process pidversion */
                pidversion?: (number|null);

                /** Process path */
                path?: (string|null);

                /** Process script */
                script?: (string|null);

                /** Process uid */
                uid?: (number|null);

                /** Process user */
                user?: (string|null);

                /** Process startedAtNs */
                startedAtNs?: (Long|null);

                /** Process identityKey */
                identityKey?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Process. */
            type $Shape = freshet.v1.Process.$Properties;
        }

        /**
         * Properties of a Destination.
         * @deprecated Use freshet.v1.Destination.$Properties instead.
         */
        interface IDestination extends freshet.v1.Destination.$Properties {
        }

        /** Represents a Destination. */
        class Destination {

            /**
             * Constructs a new Destination.
             * @param [properties] Properties to set
             */
            constructor(properties?: freshet.v1.Destination.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Destination key. */
            key: string;

            /** Destination address. */
            address: string;

            /** Destination port. */
            port: number;

            /** Destination hostname. */
            hostname: string;

            /** Destination protocol. */
            protocol: number;

            /**
             * Encodes the specified Destination message. Does not implicitly {@link freshet.v1.Destination.verify|verify} messages.
             * @param message Destination message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: freshet.v1.Destination.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Destination message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {freshet.v1.Destination & freshet.v1.Destination.$Shape} Destination
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Destination & freshet.v1.Destination.$Shape;

            /**
             * Gets the type url for Destination
             * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns The type url
             */
            static getTypeUrl(prefix?: string): string;
        }

        namespace Destination {

            /** Properties of a Destination. */
            interface $Properties {

                /** Destination key */
                key?: (string|null);

                /** Destination address */
                address?: (string|null);

                /** Destination port */
                port?: (number|null);

                /** Destination hostname */
                hostname?: (string|null);

                /** Destination protocol */
                protocol?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Destination. */
            type $Shape = freshet.v1.Destination.$Properties;
        }

        /**
         * Properties of a LargestFlow.
         * @deprecated Use freshet.v1.LargestFlow.$Properties instead.
         */
        interface ILargestFlow extends freshet.v1.LargestFlow.$Properties {
        }

        /** Represents a LargestFlow. */
        class LargestFlow {

            /**
             * Constructs a new LargestFlow.
             * @param [properties] Properties to set
             */
            constructor(properties?: freshet.v1.LargestFlow.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** LargestFlow bytesOut. */
            bytesOut: Long;

            /** LargestFlow bytesIn. */
            bytesIn: Long;

            /** LargestFlow pcr. */
            pcr: number;

            /**
             * Encodes the specified LargestFlow message. Does not implicitly {@link freshet.v1.LargestFlow.verify|verify} messages.
             * @param message LargestFlow message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: freshet.v1.LargestFlow.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a LargestFlow message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {freshet.v1.LargestFlow & freshet.v1.LargestFlow.$Shape} LargestFlow
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.LargestFlow & freshet.v1.LargestFlow.$Shape;

            /**
             * Gets the type url for LargestFlow
             * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns The type url
             */
            static getTypeUrl(prefix?: string): string;
        }

        namespace LargestFlow {

            /** Properties of a LargestFlow. */
            interface $Properties {

                /** LargestFlow bytesOut */
                bytesOut?: (Long|null);

                /** LargestFlow bytesIn */
                bytesIn?: (Long|null);

                /** LargestFlow pcr */
                pcr?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a LargestFlow. */
            type $Shape = freshet.v1.LargestFlow.$Properties;
        }

        /**
         * Properties of a Timeline.
         * @deprecated Use freshet.v1.Timeline.$Properties instead.
         */
        interface ITimeline extends freshet.v1.Timeline.$Properties {
        }

        /** Represents a Timeline. */
        class Timeline {

            /**
             * Constructs a new Timeline.
             * @param [properties] Properties to set
             */
            constructor(properties?: freshet.v1.Timeline.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Timeline startNs. */
            startNs: Long;

            /** Timeline bucketMs. */
            bucketMs: number;

            /** Timeline bytesOut. */
            bytesOut: Long[];

            /** Timeline bytesIn. */
            bytesIn: Long[];

            /**
             * Encodes the specified Timeline message. Does not implicitly {@link freshet.v1.Timeline.verify|verify} messages.
             * @param message Timeline message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: freshet.v1.Timeline.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Timeline message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {freshet.v1.Timeline & freshet.v1.Timeline.$Shape} Timeline
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Timeline & freshet.v1.Timeline.$Shape;

            /**
             * Gets the type url for Timeline
             * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns The type url
             */
            static getTypeUrl(prefix?: string): string;
        }

        namespace Timeline {

            /** Properties of a Timeline. */
            interface $Properties {

                /** Timeline startNs */
                startNs?: (Long|null);

                /** Timeline bucketMs */
                bucketMs?: (number|null);

                /** Timeline bytesOut */
                bytesOut?: (Long[]|null);

                /** Timeline bytesIn */
                bytesIn?: (Long[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Timeline. */
            type $Shape = freshet.v1.Timeline.$Properties;
        }

        /**
         * Properties of a Sighting.
         * @deprecated Use freshet.v1.Sighting.$Properties instead.
         */
        interface ISighting extends freshet.v1.Sighting.$Properties {
        }

        /** Represents a Sighting. */
        class Sighting {

            /**
             * Constructs a new Sighting.
             * @param [properties] Properties to set
             */
            constructor(properties?: freshet.v1.Sighting.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Sighting kind. */
            kind: string;

            /** Sighting identity. */
            identity?: (freshet.v1.Identity.$Properties|null);

            /** Sighting process. */
            process?: (freshet.v1.Process.$Properties|null);

            /** Sighting destination. */
            destination?: (freshet.v1.Destination.$Properties|null);

            /**
             * Encodes the specified Sighting message. Does not implicitly {@link freshet.v1.Sighting.verify|verify} messages.
             * @param message Sighting message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: freshet.v1.Sighting.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Sighting message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {freshet.v1.Sighting & freshet.v1.Sighting.$Shape} Sighting
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Sighting & freshet.v1.Sighting.$Shape;

            /**
             * Gets the type url for Sighting
             * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns The type url
             */
            static getTypeUrl(prefix?: string): string;
        }

        namespace Sighting {

            /** Properties of a Sighting. */
            interface $Properties {

                /** Sighting kind */
                kind?: (string|null);

                /** Sighting identity */
                identity?: (freshet.v1.Identity.$Properties|null);

                /** Sighting process */
                process?: (freshet.v1.Process.$Properties|null);

                /** Sighting destination */
                destination?: (freshet.v1.Destination.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Sighting. */
            type $Shape = freshet.v1.Sighting.$Properties;
        }

        /**
         * Properties of a PairSummary.
         * @deprecated Use freshet.v1.PairSummary.$Properties instead.
         */
        interface IPairSummary extends freshet.v1.PairSummary.$Properties {
        }

        /** Represents a PairSummary. */
        class PairSummary {

            /**
             * Constructs a new PairSummary.
             * @param [properties] Properties to set
             */
            constructor(properties?: freshet.v1.PairSummary.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** PairSummary identityKey. */
            identityKey: string;

            /** PairSummary destination. */
            destination?: (freshet.v1.Destination.$Properties|null);

            /** PairSummary hourNs. */
            hourNs: Long;

            /** PairSummary bytesOut. */
            bytesOut: Long;

            /** PairSummary bytesIn. */
            bytesIn: Long;

            /** PairSummary flows. */
            flows: number;

            /** PairSummary largestFlowOut. */
            largestFlowOut: Long;

            /**
             * Encodes the specified PairSummary message. Does not implicitly {@link freshet.v1.PairSummary.verify|verify} messages.
             * @param message PairSummary message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: freshet.v1.PairSummary.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a PairSummary message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {freshet.v1.PairSummary & freshet.v1.PairSummary.$Shape} PairSummary
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.PairSummary & freshet.v1.PairSummary.$Shape;

            /**
             * Gets the type url for PairSummary
             * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns The type url
             */
            static getTypeUrl(prefix?: string): string;
        }

        namespace PairSummary {

            /** Properties of a PairSummary. */
            interface $Properties {

                /** PairSummary identityKey */
                identityKey?: (string|null);

                /** PairSummary destination */
                destination?: (freshet.v1.Destination.$Properties|null);

                /** PairSummary hourNs */
                hourNs?: (Long|null);

                /** PairSummary bytesOut */
                bytesOut?: (Long|null);

                /** PairSummary bytesIn */
                bytesIn?: (Long|null);

                /** PairSummary flows */
                flows?: (number|null);

                /** PairSummary largestFlowOut */
                largestFlowOut?: (Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a PairSummary. */
            type $Shape = freshet.v1.PairSummary.$Properties;
        }

        /**
         * Properties of a Health.
         * @deprecated Use freshet.v1.Health.$Properties instead.
         */
        interface IHealth extends freshet.v1.Health.$Properties {
        }

        /** Represents a Health. */
        class Health {

            /**
             * Constructs a new Health.
             * @param [properties] Properties to set
             */
            constructor(properties?: freshet.v1.Health.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Health kind. */
            kind: string;

            /** Health text. */
            text: string;

            /** Health count. */
            count: Long;

            /**
             * Encodes the specified Health message. Does not implicitly {@link freshet.v1.Health.verify|verify} messages.
             * @param message Health message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: freshet.v1.Health.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Health message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {freshet.v1.Health & freshet.v1.Health.$Shape} Health
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Health & freshet.v1.Health.$Shape;

            /**
             * Gets the type url for Health
             * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns The type url
             */
            static getTypeUrl(prefix?: string): string;
        }

        namespace Health {

            /** Properties of a Health. */
            interface $Properties {

                /** Health kind */
                kind?: (string|null);

                /** Health text */
                text?: (string|null);

                /** Health count */
                count?: (Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Health. */
            type $Shape = freshet.v1.Health.$Properties;
        }

        /**
         * Properties of a Live.
         * @deprecated Use freshet.v1.Live.$Properties instead.
         */
        interface ILive extends freshet.v1.Live.$Properties {
        }

        /** Represents a Live. */
        class Live {

            /**
             * Constructs a new Live.
             * @param [properties] Properties to set
             */
            constructor(properties?: freshet.v1.Live.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Live atNs. */
            atNs: Long;

            /** Live records. */
            records: Long;

            /** Live execs. */
            execs: Long;

            /** Live flows. */
            flows: Long;

            /** Live processes. */
            processes: number;

            /** Live openFlows. */
            openFlows: number;

            /** Live identities. */
            identities: number;

            /** Live bytesOut. */
            bytesOut: Long;

            /** Live bytesIn. */
            bytesIn: Long;

            /** Live unattributedFlows. */
            unattributedFlows: Long;

            /** Live lost. */
            lost: Long;

            /** Live outboxItems. */
            outboxItems: Long;

            /** Live outboxEvicted. */
            outboxEvicted: Long;

            /** Live alerts. */
            alerts: Long;

            /** Live degraded. */
            degraded: string;

            /** Live top. */
            top: freshet.v1.LiveFlow.$Properties[];

            /**
             * Encodes the specified Live message. Does not implicitly {@link freshet.v1.Live.verify|verify} messages.
             * @param message Live message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: freshet.v1.Live.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Live message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {freshet.v1.Live & freshet.v1.Live.$Shape} Live
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Live & freshet.v1.Live.$Shape;

            /**
             * Gets the type url for Live
             * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns The type url
             */
            static getTypeUrl(prefix?: string): string;
        }

        namespace Live {

            /** Properties of a Live. */
            interface $Properties {

                /** Live atNs */
                atNs?: (Long|null);

                /** Live records */
                records?: (Long|null);

                /** Live execs */
                execs?: (Long|null);

                /** Live flows */
                flows?: (Long|null);

                /** Live processes */
                processes?: (number|null);

                /** Live openFlows */
                openFlows?: (number|null);

                /** Live identities */
                identities?: (number|null);

                /** Live bytesOut */
                bytesOut?: (Long|null);

                /** Live bytesIn */
                bytesIn?: (Long|null);

                /** Live unattributedFlows */
                unattributedFlows?: (Long|null);

                /** Live lost */
                lost?: (Long|null);

                /** Live outboxItems */
                outboxItems?: (Long|null);

                /** Live outboxEvicted */
                outboxEvicted?: (Long|null);

                /** Live alerts */
                alerts?: (Long|null);

                /** Live degraded */
                degraded?: (string|null);

                /** Live top */
                top?: (freshet.v1.LiveFlow.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Live. */
            type $Shape = freshet.v1.Live.$Properties;
        }

        /**
         * Properties of a LiveFlow.
         * @deprecated Use freshet.v1.LiveFlow.$Properties instead.
         */
        interface ILiveFlow extends freshet.v1.LiveFlow.$Properties {
        }

        /** Represents a LiveFlow. */
        class LiveFlow {

            /**
             * Constructs a new LiveFlow.
             * @param [properties] Properties to set
             */
            constructor(properties?: freshet.v1.LiveFlow.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** LiveFlow name. */
            name: string;

            /** LiveFlow destination. */
            destination: string;

            /** LiveFlow bytesOut. */
            bytesOut: Long;

            /** LiveFlow bytesIn. */
            bytesIn: Long;

            /**
             * Encodes the specified LiveFlow message. Does not implicitly {@link freshet.v1.LiveFlow.verify|verify} messages.
             * @param message LiveFlow message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: freshet.v1.LiveFlow.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a LiveFlow message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {freshet.v1.LiveFlow & freshet.v1.LiveFlow.$Shape} LiveFlow
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.LiveFlow & freshet.v1.LiveFlow.$Shape;

            /**
             * Gets the type url for LiveFlow
             * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns The type url
             */
            static getTypeUrl(prefix?: string): string;
        }

        namespace LiveFlow {

            /** Properties of a LiveFlow. */
            interface $Properties {

                /** LiveFlow name */
                name?: (string|null);

                /** LiveFlow destination */
                destination?: (string|null);

                /** LiveFlow bytesOut */
                bytesOut?: (Long|null);

                /** LiveFlow bytesIn */
                bytesIn?: (Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a LiveFlow. */
            type $Shape = freshet.v1.LiveFlow.$Properties;
        }
    }
}
