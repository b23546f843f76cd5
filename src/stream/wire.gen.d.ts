import * as $protobuf from "protobufjs";
import Long = require("long");

export namespace freshet {

    namespace v1 {

        interface IEnvelope extends freshet.v1.Envelope.$Properties {
        }

        class Envelope {
            constructor(properties?: freshet.v1.Envelope.$Properties);
            $unknowns?: Uint8Array[];
            hello?: (freshet.v1.Hello.$Properties|null);
            welcome?: (freshet.v1.Welcome.$Properties|null);
            batch?: (freshet.v1.Batch.$Properties|null);
            ack?: (freshet.v1.Ack.$Properties|null);
            live?: (freshet.v1.Live.$Properties|null);
            goodbye?: (freshet.v1.Goodbye.$Properties|null);
            packed?: (freshet.v1.Packed.$Properties|null);
            heartbeat?: (freshet.v1.Heartbeat.$Properties|null);
            renew?: (freshet.v1.Renew.$Properties|null);
            renewed?: (freshet.v1.Renewed.$Properties|null);
            policyPush?: (freshet.v1.PolicyPush.$Properties|null);
            policyReport?: (freshet.v1.PolicyReport.$Properties|null);
            reenrol?: (freshet.v1.Reenrol.$Properties|null);
            reenrolling?: (freshet.v1.Reenrolling.$Properties|null);
            authorities?: (freshet.v1.Authorities.$Properties|null);
            body?: ("hello"|"welcome"|"batch"|"ack"|"live"|"goodbye"|"packed"|"heartbeat"|"renew"|"renewed"|"policyPush"|"policyReport"|"reenrol"|"reenrolling"|"authorities");
            static encode(message: freshet.v1.Envelope.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Envelope & freshet.v1.Envelope.$Shape;
        }

        namespace Envelope {
            interface $Properties {
                hello?: (freshet.v1.Hello.$Properties|null);
                welcome?: (freshet.v1.Welcome.$Properties|null);
                batch?: (freshet.v1.Batch.$Properties|null);
                ack?: (freshet.v1.Ack.$Properties|null);
                live?: (freshet.v1.Live.$Properties|null);
                goodbye?: (freshet.v1.Goodbye.$Properties|null);
                packed?: (freshet.v1.Packed.$Properties|null);
                heartbeat?: (freshet.v1.Heartbeat.$Properties|null);
                renew?: (freshet.v1.Renew.$Properties|null);
                renewed?: (freshet.v1.Renewed.$Properties|null);
                policyPush?: (freshet.v1.PolicyPush.$Properties|null);
                policyReport?: (freshet.v1.PolicyReport.$Properties|null);
                reenrol?: (freshet.v1.Reenrol.$Properties|null);
                reenrolling?: (freshet.v1.Reenrolling.$Properties|null);
                authorities?: (freshet.v1.Authorities.$Properties|null);
                body?: ("hello"|"welcome"|"batch"|"ack"|"live"|"goodbye"|"packed"|"heartbeat"|"renew"|"renewed"|"policyPush"|"policyReport"|"reenrol"|"reenrolling"|"authorities");
                $unknowns?: Uint8Array[];
            }
            type $Shape = {
              hello?: freshet.v1.Hello.$Shape|null;
              welcome?: freshet.v1.Welcome.$Shape|null;
              batch?: freshet.v1.Batch.$Shape|null;
              ack?: freshet.v1.Ack.$Shape|null;
              live?: freshet.v1.Live.$Shape|null;
              goodbye?: freshet.v1.Goodbye.$Shape|null;
              packed?: freshet.v1.Packed.$Shape|null;
              heartbeat?: freshet.v1.Heartbeat.$Shape|null;
              renew?: freshet.v1.Renew.$Shape|null;
              renewed?: freshet.v1.Renewed.$Shape|null;
              policyPush?: freshet.v1.PolicyPush.$Shape|null;
              policyReport?: freshet.v1.PolicyReport.$Shape|null;
              reenrol?: freshet.v1.Reenrol.$Shape|null;
              reenrolling?: freshet.v1.Reenrolling.$Shape|null;
              authorities?: freshet.v1.Authorities.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ body?: undefined; hello?: null; welcome?: null; batch?: null; ack?: null; live?: null; goodbye?: null; packed?: null; heartbeat?: null; renew?: null; renewed?: null; policyPush?: null; policyReport?: null; reenrol?: null; reenrolling?: null; authorities?: null }|{ body?: "hello"; hello: freshet.v1.Hello.$Shape; welcome?: null; batch?: null; ack?: null; live?: null; goodbye?: null; packed?: null; heartbeat?: null; renew?: null; renewed?: null; policyPush?: null; policyReport?: null; reenrol?: null; reenrolling?: null; authorities?: null }|{ body?: "welcome"; hello?: null; welcome: freshet.v1.Welcome.$Shape; batch?: null; ack?: null; live?: null; goodbye?: null; packed?: null; heartbeat?: null; renew?: null; renewed?: null; policyPush?: null; policyReport?: null; reenrol?: null; reenrolling?: null; authorities?: null }|{ body?: "batch"; hello?: null; welcome?: null; batch: freshet.v1.Batch.$Shape; ack?: null; live?: null; goodbye?: null; packed?: null; heartbeat?: null; renew?: null; renewed?: null; policyPush?: null; policyReport?: null; reenrol?: null; reenrolling?: null; authorities?: null }|{ body?: "ack"; hello?: null; welcome?: null; batch?: null; ack: freshet.v1.Ack.$Shape; live?: null; goodbye?: null; packed?: null; heartbeat?: null; renew?: null; renewed?: null; policyPush?: null; policyReport?: null; reenrol?: null; reenrolling?: null; authorities?: null }|{ body?: "live"; hello?: null; welcome?: null; batch?: null; ack?: null; live: freshet.v1.Live.$Shape; goodbye?: null; packed?: null; heartbeat?: null; renew?: null; renewed?: null; policyPush?: null; policyReport?: null; reenrol?: null; reenrolling?: null; authorities?: null }|{ body?: "goodbye"; hello?: null; welcome?: null; batch?: null; ack?: null; live?: null; goodbye: freshet.v1.Goodbye.$Shape; packed?: null; heartbeat?: null; renew?: null; renewed?: null; policyPush?: null; policyReport?: null; reenrol?: null; reenrolling?: null; authorities?: null }|{ body?: "packed"; hello?: null; welcome?: null; batch?: null; ack?: null; live?: null; goodbye?: null; packed: freshet.v1.Packed.$Shape; heartbeat?: null; renew?: null; renewed?: null; policyPush?: null; policyReport?: null; reenrol?: null; reenrolling?: null; authorities?: null }|{ body?: "heartbeat"; hello?: null; welcome?: null; batch?: null; ack?: null; live?: null; goodbye?: null; packed?: null; heartbeat: freshet.v1.Heartbeat.$Shape; renew?: null; renewed?: null; policyPush?: null; policyReport?: null; reenrol?: null; reenrolling?: null; authorities?: null }|{ body?: "renew"; hello?: null; welcome?: null; batch?: null; ack?: null; live?: null; goodbye?: null; packed?: null; heartbeat?: null; renew: freshet.v1.Renew.$Shape; renewed?: null; policyPush?: null; policyReport?: null; reenrol?: null; reenrolling?: null; authorities?: null }|{ body?: "renewed"; hello?: null; welcome?: null; batch?: null; ack?: null; live?: null; goodbye?: null; packed?: null; heartbeat?: null; renew?: null; renewed: freshet.v1.Renewed.$Shape; policyPush?: null; policyReport?: null; reenrol?: null; reenrolling?: null; authorities?: null }|{ body?: "policyPush"; hello?: null; welcome?: null; batch?: null; ack?: null; live?: null; goodbye?: null; packed?: null; heartbeat?: null; renew?: null; renewed?: null; policyPush: freshet.v1.PolicyPush.$Shape; policyReport?: null; reenrol?: null; reenrolling?: null; authorities?: null }|{ body?: "policyReport"; hello?: null; welcome?: null; batch?: null; ack?: null; live?: null; goodbye?: null; packed?: null; heartbeat?: null; renew?: null; renewed?: null; policyPush?: null; policyReport: freshet.v1.PolicyReport.$Shape; reenrol?: null; reenrolling?: null; authorities?: null }|{ body?: "reenrol"; hello?: null; welcome?: null; batch?: null; ack?: null; live?: null; goodbye?: null; packed?: null; heartbeat?: null; renew?: null; renewed?: null; policyPush?: null; policyReport?: null; reenrol: freshet.v1.Reenrol.$Shape; reenrolling?: null; authorities?: null }|{ body?: "reenrolling"; hello?: null; welcome?: null; batch?: null; ack?: null; live?: null; goodbye?: null; packed?: null; heartbeat?: null; renew?: null; renewed?: null; policyPush?: null; policyReport?: null; reenrol?: null; reenrolling: freshet.v1.Reenrolling.$Shape; authorities?: null }|{ body?: "authorities"; hello?: null; welcome?: null; batch?: null; ack?: null; live?: null; goodbye?: null; packed?: null; heartbeat?: null; renew?: null; renewed?: null; policyPush?: null; policyReport?: null; reenrol?: null; reenrolling?: null; authorities: freshet.v1.Authorities.$Shape })
            );
        }

        interface IHello extends freshet.v1.Hello.$Properties {
        }

        class Hello {
            constructor(properties?: freshet.v1.Hello.$Properties);
            $unknowns?: Uint8Array[];
            deviceId: string;
            agentVersion: string;
            sentAtNs: Long;
            capabilities: Long;
            host?: (freshet.v1.Host.$Properties|null);
            outboxId: Uint8Array;
            hardware: Uint8Array;
            static encode(message: freshet.v1.Hello.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Hello & freshet.v1.Hello.$Shape;
        }

        namespace Hello {
            interface $Properties {
                deviceId?: (string|null);
                agentVersion?: (string|null);
                sentAtNs?: (Long|null);
                capabilities?: (Long|null);
                host?: (freshet.v1.Host.$Properties|null);
                outboxId?: (Uint8Array|null);
                hardware?: (Uint8Array|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.Hello.$Properties;
        }

        interface IHost extends freshet.v1.Host.$Properties {
        }

        class Host {
            constructor(properties?: freshet.v1.Host.$Properties);
            $unknowns?: Uint8Array[];
            hostname: string;
            os: string;
            osVersion: string;
            osBuild: string;
            hardware: string;
            arch: string;
            bootId: string;
            static encode(message: freshet.v1.Host.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Host & freshet.v1.Host.$Shape;
        }

        namespace Host {
            interface $Properties {
                hostname?: (string|null);
                os?: (string|null);
                osVersion?: (string|null);
                osBuild?: (string|null);
                hardware?: (string|null);
                arch?: (string|null);
                bootId?: (string|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.Host.$Properties;
        }

        interface IWelcome extends freshet.v1.Welcome.$Properties {
        }

        class Welcome {
            constructor(properties?: freshet.v1.Welcome.$Properties);
            $unknowns?: Uint8Array[];
            lastSequence: Long;
            capabilities: Long;
            receivedAtNs: Long;
            creditItems: number;
            backoffMaxMs: number;
            static encode(message: freshet.v1.Welcome.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Welcome & freshet.v1.Welcome.$Shape;
        }

        namespace Welcome {
            interface $Properties {
                lastSequence?: (Long|null);
                capabilities?: (Long|null);
                receivedAtNs?: (Long|null);
                creditItems?: (number|null);
                backoffMaxMs?: (number|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.Welcome.$Properties;
        }

        interface IBatch extends freshet.v1.Batch.$Properties {
        }

        class Batch {
            constructor(properties?: freshet.v1.Batch.$Properties);
            $unknowns?: Uint8Array[];
            items: freshet.v1.Item.$Properties[];
            ahead: boolean;
            static encode(message: freshet.v1.Batch.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Batch & freshet.v1.Batch.$Shape;
        }

        namespace Batch {
            interface $Properties {
                items?: (freshet.v1.Item.$Properties[]|null);
                ahead?: (boolean|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = {
              items?: freshet.v1.Item.$Shape[]|null;
              ahead?: boolean|null;
              $unknowns?: Uint8Array[];
            };
        }

        interface IPacked extends freshet.v1.Packed.$Properties {
        }

        class Packed {
            constructor(properties?: freshet.v1.Packed.$Properties);
            $unknowns?: Uint8Array[];
            zstd: Uint8Array;
            static encode(message: freshet.v1.Packed.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Packed & freshet.v1.Packed.$Shape;
        }

        namespace Packed {
            interface $Properties {
                zstd?: (Uint8Array|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.Packed.$Properties;
        }

        interface IHeartbeat extends freshet.v1.Heartbeat.$Properties {
        }

        class Heartbeat {
            constructor(properties?: freshet.v1.Heartbeat.$Properties);
            $unknowns?: Uint8Array[];
            sentAtNs: Long;
            static encode(message: freshet.v1.Heartbeat.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Heartbeat & freshet.v1.Heartbeat.$Shape;
        }

        namespace Heartbeat {
            interface $Properties {
                sentAtNs?: (Long|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.Heartbeat.$Properties;
        }

        interface IItem extends freshet.v1.Item.$Properties {
        }

        class Item {
            constructor(properties?: freshet.v1.Item.$Properties);
            $unknowns?: Uint8Array[];
            id: Uint8Array;
            sequence: Long;
            atNs: Long;
            alert?: (freshet.v1.Alert.$Properties|null);
            sighting?: (freshet.v1.Sighting.$Properties|null);
            summary?: (freshet.v1.PairSummary.$Properties|null);
            health?: (freshet.v1.Health.$Properties|null);
            content?: ("alert"|"sighting"|"summary"|"health");
            static encode(message: freshet.v1.Item.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Item & freshet.v1.Item.$Shape;
        }

        namespace Item {
            interface $Properties {
                id?: (Uint8Array|null);
                sequence?: (Long|null);
                atNs?: (Long|null);
                alert?: (freshet.v1.Alert.$Properties|null);
                sighting?: (freshet.v1.Sighting.$Properties|null);
                summary?: (freshet.v1.PairSummary.$Properties|null);
                health?: (freshet.v1.Health.$Properties|null);
                content?: ("alert"|"sighting"|"summary"|"health");
                $unknowns?: Uint8Array[];
            }
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

        interface IAck extends freshet.v1.Ack.$Properties {
        }

        class Ack {
            constructor(properties?: freshet.v1.Ack.$Properties);
            $unknowns?: Uint8Array[];
            throughSequence: Long;
            rejects: freshet.v1.Reject.$Properties[];
            aheadSequences: Long[];
            static encode(message: freshet.v1.Ack.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Ack & freshet.v1.Ack.$Shape;
        }

        namespace Ack {
            interface $Properties {
                throughSequence?: (Long|null);
                rejects?: (freshet.v1.Reject.$Properties[]|null);
                aheadSequences?: (Long[]|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.Ack.$Properties;
        }

        interface IReject extends freshet.v1.Reject.$Properties {
        }

        class Reject {
            constructor(properties?: freshet.v1.Reject.$Properties);
            $unknowns?: Uint8Array[];
            sequence: Long;
            reason: string;
            static encode(message: freshet.v1.Reject.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Reject & freshet.v1.Reject.$Shape;
        }

        namespace Reject {
            interface $Properties {
                sequence?: (Long|null);
                reason?: (string|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.Reject.$Properties;
        }

        interface IGoodbye extends freshet.v1.Goodbye.$Properties {
        }

        class Goodbye {
            constructor(properties?: freshet.v1.Goodbye.$Properties);
            $unknowns?: Uint8Array[];
            reason: string;
            retryAfterMs: number;
            static encode(message: freshet.v1.Goodbye.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Goodbye & freshet.v1.Goodbye.$Shape;
        }

        namespace Goodbye {
            interface $Properties {
                reason?: (string|null);
                retryAfterMs?: (number|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.Goodbye.$Properties;
        }

        enum Severity {
            SEVERITY_UNSPECIFIED = 0,
            LOW = 1,
            MEDIUM = 2,
            HIGH = 3
        }

        enum AlertState {
            STATE_UNSPECIFIED = 0,
            OPENED = 1,
            UPDATED = 2,
            FINAL = 3
        }

        interface IAlert extends freshet.v1.Alert.$Properties {
        }

        class Alert {
            constructor(properties?: freshet.v1.Alert.$Properties);
            $unknowns?: Uint8Array[];
            alertId: string;
            revision: number;
            state: freshet.v1.AlertState;
            severity: freshet.v1.Severity;
            score: number;
            sentence: string;
            reasons: freshet.v1.Reason.$Properties[];
            openedAtNs: Long;
            updatedAtNs: Long;
            identity?: (freshet.v1.Identity.$Properties|null);
            chain: freshet.v1.Process.$Properties[];
            destination?: (freshet.v1.Destination.$Properties|null);
            bytesOut: Long;
            bytesIn: Long;
            flows: number;
            silentFlows: number;
            largestFlow?: (freshet.v1.LargestFlow.$Properties|null);
            timeline?: (freshet.v1.Timeline.$Properties|null);
            policyVersion: number;
            techniques: string[];
            doubt: string;
            unreadFlows: number;
            listedFlows?: (freshet.v1.ListedFlows.$Properties|null);
            atMostFlows: number;
            tunnelledFlows: number;
            guessedFlows: number;
            inAboutFlows: number;
            reference: string;
            responsibleKey: string;
            static encode(message: freshet.v1.Alert.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Alert & freshet.v1.Alert.$Shape;
        }

        namespace Alert {
            interface $Properties {
                alertId?: (string|null);
                revision?: (number|null);
                state?: (freshet.v1.AlertState|null);
                severity?: (freshet.v1.Severity|null);
                score?: (number|null);
                sentence?: (string|null);
                reasons?: (freshet.v1.Reason.$Properties[]|null);
                openedAtNs?: (Long|null);
                updatedAtNs?: (Long|null);
                identity?: (freshet.v1.Identity.$Properties|null);
                chain?: (freshet.v1.Process.$Properties[]|null);
                destination?: (freshet.v1.Destination.$Properties|null);
                bytesOut?: (Long|null);
                bytesIn?: (Long|null);
                flows?: (number|null);
                silentFlows?: (number|null);
                largestFlow?: (freshet.v1.LargestFlow.$Properties|null);
                timeline?: (freshet.v1.Timeline.$Properties|null);
                policyVersion?: (number|null);
                techniques?: (string[]|null);
                doubt?: (string|null);
                unreadFlows?: (number|null);
                listedFlows?: (freshet.v1.ListedFlows.$Properties|null);
                atMostFlows?: (number|null);
                tunnelledFlows?: (number|null);
                guessedFlows?: (number|null);
                inAboutFlows?: (number|null);
                reference?: (string|null);
                responsibleKey?: (string|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.Alert.$Properties;
        }

        interface IListedFlows extends freshet.v1.ListedFlows.$Properties {
        }

        class ListedFlows {
            constructor(properties?: freshet.v1.ListedFlows.$Properties);
            $unknowns?: Uint8Array[];
            flows: freshet.v1.ListedFlow.$Properties[];
            static encode(message: freshet.v1.ListedFlows.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.ListedFlows & freshet.v1.ListedFlows.$Shape;
        }

        namespace ListedFlows {
            interface $Properties {
                flows?: (freshet.v1.ListedFlow.$Properties[]|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.ListedFlows.$Properties;
        }

        interface IListedFlow extends freshet.v1.ListedFlow.$Properties {
        }

        class ListedFlow {
            constructor(properties?: freshet.v1.ListedFlow.$Properties);
            $unknowns?: Uint8Array[];
            firstAtNs: Long;
            lastAtNs: Long;
            pid: number;
            localPort: number;
            address: string;
            port: number;
            inbound: boolean;
            bytesOut: Long;
            bytesIn: Long;
            unread: boolean;
            state: string;
            static encode(message: freshet.v1.ListedFlow.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.ListedFlow & freshet.v1.ListedFlow.$Shape;
        }

        namespace ListedFlow {
            interface $Properties {
                firstAtNs?: (Long|null);
                lastAtNs?: (Long|null);
                pid?: (number|null);
                localPort?: (number|null);
                address?: (string|null);
                port?: (number|null);
                inbound?: (boolean|null);
                bytesOut?: (Long|null);
                bytesIn?: (Long|null);
                unread?: (boolean|null);
                state?: (string|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.ListedFlow.$Properties;
        }

        interface IReason extends freshet.v1.Reason.$Properties {
        }

        class Reason {
            constructor(properties?: freshet.v1.Reason.$Properties);
            $unknowns?: Uint8Array[];
            term: string;
            points: number;
            value: number;
            threshold: number;
            unit: string;
            text: string;
            static encode(message: freshet.v1.Reason.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Reason & freshet.v1.Reason.$Shape;
        }

        namespace Reason {
            interface $Properties {
                term?: (string|null);
                points?: (number|null);
                value?: (number|null);
                threshold?: (number|null);
                unit?: (string|null);
                text?: (string|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.Reason.$Properties;
        }

        interface IIdentity extends freshet.v1.Identity.$Properties {
        }

        class Identity {
            constructor(properties?: freshet.v1.Identity.$Properties);
            $unknowns?: Uint8Array[];
            key: string;
            signerClass: string;
            name: string;
            path: string;
            sha256: string;
            signingId: string;
            teamId: string;
            cdhash: string;
            firstSeenNs: Long;
            firstNetworkNs: Long;
            static encode(message: freshet.v1.Identity.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Identity & freshet.v1.Identity.$Shape;
        }

        namespace Identity {
            interface $Properties {
                key?: (string|null);
                signerClass?: (string|null);
                name?: (string|null);
                path?: (string|null);
                sha256?: (string|null);
                signingId?: (string|null);
                teamId?: (string|null);
                cdhash?: (string|null);
                firstSeenNs?: (Long|null);
                firstNetworkNs?: (Long|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.Identity.$Properties;
        }

        interface IProcess extends freshet.v1.Process.$Properties {
        }

        class Process {
            constructor(properties?: freshet.v1.Process.$Properties);
            $unknowns?: Uint8Array[];
            pid: number;
            pidversion: number;
            path: string;
            script: string;
            uid: number;
            user: string;
            startedAtNs: Long;
            identityKey: string;
            socketsBy: string;
            arguments?: (freshet.v1.Arguments.$Properties|null);
            scriptSha256: string;
            scriptFrom: string;
            foreignCode: string[];
            foreignCodeMore: boolean;
            moreAbove: number;
            alsoAt: string[];
            static encode(message: freshet.v1.Process.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Process & freshet.v1.Process.$Shape;
        }

        namespace Process {
            interface $Properties {
                pid?: (number|null);
                pidversion?: (number|null);
                path?: (string|null);
                script?: (string|null);
                uid?: (number|null);
                user?: (string|null);
                startedAtNs?: (Long|null);
                identityKey?: (string|null);
                socketsBy?: (string|null);
                "arguments"?: (freshet.v1.Arguments.$Properties|null);
                scriptSha256?: (string|null);
                scriptFrom?: (string|null);
                foreignCode?: (string[]|null);
                foreignCodeMore?: (boolean|null);
                moreAbove?: (number|null);
                alsoAt?: (string[]|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.Process.$Properties;
        }

        interface IArguments extends freshet.v1.Arguments.$Properties {
        }

        class Arguments {
            constructor(properties?: freshet.v1.Arguments.$Properties);
            $unknowns?: Uint8Array[];
            texts: string[];
            count: number;
            leftOutBytes: number;
            atLeast: boolean;
            missed: boolean;
            static encode(message: freshet.v1.Arguments.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Arguments & freshet.v1.Arguments.$Shape;
        }

        namespace Arguments {
            interface $Properties {
                texts?: (string[]|null);
                count?: (number|null);
                leftOutBytes?: (number|null);
                atLeast?: (boolean|null);
                missed?: (boolean|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.Arguments.$Properties;
        }

        interface IDestination extends freshet.v1.Destination.$Properties {
        }

        class Destination {
            constructor(properties?: freshet.v1.Destination.$Properties);
            $unknowns?: Uint8Array[];
            key: string;
            address: string;
            port: number;
            hostname: string;
            protocol: number;
            static encode(message: freshet.v1.Destination.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Destination & freshet.v1.Destination.$Shape;
        }

        namespace Destination {
            interface $Properties {
                key?: (string|null);
                address?: (string|null);
                port?: (number|null);
                hostname?: (string|null);
                protocol?: (number|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.Destination.$Properties;
        }

        interface ILargestFlow extends freshet.v1.LargestFlow.$Properties {
        }

        class LargestFlow {
            constructor(properties?: freshet.v1.LargestFlow.$Properties);
            $unknowns?: Uint8Array[];
            bytesOut: Long;
            bytesIn: Long;
            pcr: number;
            static encode(message: freshet.v1.LargestFlow.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.LargestFlow & freshet.v1.LargestFlow.$Shape;
        }

        namespace LargestFlow {
            interface $Properties {
                bytesOut?: (Long|null);
                bytesIn?: (Long|null);
                pcr?: (number|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.LargestFlow.$Properties;
        }

        interface ITimeline extends freshet.v1.Timeline.$Properties {
        }

        class Timeline {
            constructor(properties?: freshet.v1.Timeline.$Properties);
            $unknowns?: Uint8Array[];
            startNs: Long;
            bucketMs: number;
            bytesOut: Long[];
            bytesIn: Long[];
            static encode(message: freshet.v1.Timeline.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Timeline & freshet.v1.Timeline.$Shape;
        }

        namespace Timeline {
            interface $Properties {
                startNs?: (Long|null);
                bucketMs?: (number|null);
                bytesOut?: (Long[]|null);
                bytesIn?: (Long[]|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.Timeline.$Properties;
        }

        interface ISighting extends freshet.v1.Sighting.$Properties {
        }

        class Sighting {
            constructor(properties?: freshet.v1.Sighting.$Properties);
            $unknowns?: Uint8Array[];
            kind: string;
            identity?: (freshet.v1.Identity.$Properties|null);
            process?: (freshet.v1.Process.$Properties|null);
            destination?: (freshet.v1.Destination.$Properties|null);
            static encode(message: freshet.v1.Sighting.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Sighting & freshet.v1.Sighting.$Shape;
        }

        namespace Sighting {
            interface $Properties {
                kind?: (string|null);
                identity?: (freshet.v1.Identity.$Properties|null);
                process?: (freshet.v1.Process.$Properties|null);
                destination?: (freshet.v1.Destination.$Properties|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.Sighting.$Properties;
        }

        interface IPairSummary extends freshet.v1.PairSummary.$Properties {
        }

        class PairSummary {
            constructor(properties?: freshet.v1.PairSummary.$Properties);
            $unknowns?: Uint8Array[];
            identityKey: string;
            destination?: (freshet.v1.Destination.$Properties|null);
            hourNs: Long;
            bytesOut: Long;
            bytesIn: Long;
            flows: number;
            largestFlowOut: Long;
            static encode(message: freshet.v1.PairSummary.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.PairSummary & freshet.v1.PairSummary.$Shape;
        }

        namespace PairSummary {
            interface $Properties {
                identityKey?: (string|null);
                destination?: (freshet.v1.Destination.$Properties|null);
                hourNs?: (Long|null);
                bytesOut?: (Long|null);
                bytesIn?: (Long|null);
                flows?: (number|null);
                largestFlowOut?: (Long|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.PairSummary.$Properties;
        }

        interface IHealth extends freshet.v1.Health.$Properties {
        }

        class Health {
            constructor(properties?: freshet.v1.Health.$Properties);
            $unknowns?: Uint8Array[];
            kind: string;
            text: string;
            count: Long;
            sinceNs: Long;
            about: string;
            programs: string[];
            static encode(message: freshet.v1.Health.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Health & freshet.v1.Health.$Shape;
        }

        namespace Health {
            interface $Properties {
                kind?: (string|null);
                text?: (string|null);
                count?: (Long|null);
                sinceNs?: (Long|null);
                about?: (string|null);
                programs?: (string[]|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.Health.$Properties;
        }

        interface ILive extends freshet.v1.Live.$Properties {
        }

        class Live {
            constructor(properties?: freshet.v1.Live.$Properties);
            $unknowns?: Uint8Array[];
            atNs: Long;
            records: Long;
            execs: Long;
            flows: Long;
            processes: number;
            openFlows: number;
            identities: number;
            bytesOut: Long;
            bytesIn: Long;
            unattributedFlows: Long;
            lost: Long;
            outboxItems: Long;
            outboxEvicted: Long;
            alerts: Long;
            degraded: string;
            top: freshet.v1.LiveFlow.$Properties[];
            sources?: (freshet.v1.LiveSources.$Properties|null);
            lostSinceNs: Long;
            static encode(message: freshet.v1.Live.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Live & freshet.v1.Live.$Shape;
        }

        namespace Live {
            interface $Properties {
                atNs?: (Long|null);
                records?: (Long|null);
                execs?: (Long|null);
                flows?: (Long|null);
                processes?: (number|null);
                openFlows?: (number|null);
                identities?: (number|null);
                bytesOut?: (Long|null);
                bytesIn?: (Long|null);
                unattributedFlows?: (Long|null);
                lost?: (Long|null);
                outboxItems?: (Long|null);
                outboxEvicted?: (Long|null);
                alerts?: (Long|null);
                degraded?: (string|null);
                top?: (freshet.v1.LiveFlow.$Properties[]|null);
                sources?: (freshet.v1.LiveSources.$Properties|null);
                lostSinceNs?: (Long|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.Live.$Properties;
        }

        interface ILiveSources extends freshet.v1.LiveSources.$Properties {
        }

        class LiveSources {
            constructor(properties?: freshet.v1.LiveSources.$Properties);
            $unknowns?: Uint8Array[];
            processes: string;
            flows: string;
            filterSilent: boolean;
            forced: string[];
            text: string[];
            static encode(message: freshet.v1.LiveSources.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.LiveSources & freshet.v1.LiveSources.$Shape;
        }

        namespace LiveSources {
            interface $Properties {
                processes?: (string|null);
                flows?: (string|null);
                filterSilent?: (boolean|null);
                forced?: (string[]|null);
                text?: (string[]|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.LiveSources.$Properties;
        }

        interface ILiveFlow extends freshet.v1.LiveFlow.$Properties {
        }

        class LiveFlow {
            constructor(properties?: freshet.v1.LiveFlow.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            destination: string;
            bytesOut: Long;
            bytesIn: Long;
            static encode(message: freshet.v1.LiveFlow.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.LiveFlow & freshet.v1.LiveFlow.$Shape;
        }

        namespace LiveFlow {
            interface $Properties {
                name?: (string|null);
                destination?: (string|null);
                bytesOut?: (Long|null);
                bytesIn?: (Long|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.LiveFlow.$Properties;
        }

        interface IEnrollRequest extends freshet.v1.EnrollRequest.$Properties {
        }

        class EnrollRequest {
            constructor(properties?: freshet.v1.EnrollRequest.$Properties);
            $unknowns?: Uint8Array[];
            token: string;
            request: Uint8Array;
            hardware: Uint8Array;
            agentVersion: string;
            host?: (freshet.v1.Host.$Properties|null);
            static encode(message: freshet.v1.EnrollRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.EnrollRequest & freshet.v1.EnrollRequest.$Shape;
        }

        namespace EnrollRequest {
            interface $Properties {
                token?: (string|null);
                request?: (Uint8Array|null);
                hardware?: (Uint8Array|null);
                agentVersion?: (string|null);
                host?: (freshet.v1.Host.$Properties|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.EnrollRequest.$Properties;
        }

        interface IEnrollResponse extends freshet.v1.EnrollResponse.$Properties {
        }

        class EnrollResponse {
            constructor(properties?: freshet.v1.EnrollResponse.$Properties);
            $unknowns?: Uint8Array[];
            certificate: Uint8Array;
            authorities: Uint8Array[];
            group: string;
            static encode(message: freshet.v1.EnrollResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.EnrollResponse & freshet.v1.EnrollResponse.$Shape;
        }

        namespace EnrollResponse {
            interface $Properties {
                certificate?: (Uint8Array|null);
                authorities?: (Uint8Array[]|null);
                group?: (string|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.EnrollResponse.$Properties;
        }

        interface IRenew extends freshet.v1.Renew.$Properties {
        }

        class Renew {
            constructor(properties?: freshet.v1.Renew.$Properties);
            $unknowns?: Uint8Array[];
            request: Uint8Array;
            static encode(message: freshet.v1.Renew.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Renew & freshet.v1.Renew.$Shape;
        }

        namespace Renew {
            interface $Properties {
                request?: (Uint8Array|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.Renew.$Properties;
        }

        interface IRenewed extends freshet.v1.Renewed.$Properties {
        }

        class Renewed {
            constructor(properties?: freshet.v1.Renewed.$Properties);
            $unknowns?: Uint8Array[];
            certificate: Uint8Array;
            authorities: Uint8Array[];
            vouched: Uint8Array[];
            static encode(message: freshet.v1.Renewed.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Renewed & freshet.v1.Renewed.$Shape;
        }

        namespace Renewed {
            interface $Properties {
                certificate?: (Uint8Array|null);
                authorities?: (Uint8Array[]|null);
                vouched?: (Uint8Array[]|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.Renewed.$Properties;
        }

        interface ISignedPolicy extends freshet.v1.SignedPolicy.$Properties {
        }

        class SignedPolicy {
            constructor(properties?: freshet.v1.SignedPolicy.$Properties);
            $unknowns?: Uint8Array[];
            payload: Uint8Array;
            signature: Uint8Array;
            keyId: Uint8Array;
            static encode(message: freshet.v1.SignedPolicy.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.SignedPolicy & freshet.v1.SignedPolicy.$Shape;
        }

        namespace SignedPolicy {
            interface $Properties {
                payload?: (Uint8Array|null);
                signature?: (Uint8Array|null);
                keyId?: (Uint8Array|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.SignedPolicy.$Properties;
        }

        interface IPolicyPayload extends freshet.v1.PolicyPayload.$Properties {
        }

        class PolicyPayload {
            constructor(properties?: freshet.v1.PolicyPayload.$Properties);
            $unknowns?: Uint8Array[];
            kind: number;
            version: number;
            madeAtNs: Long;
            notAfterNs: Long;
            leastAgent: string;
            target?: (freshet.v1.PolicyTarget.$Properties|null);
            content: Uint8Array;
            static encode(message: freshet.v1.PolicyPayload.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.PolicyPayload & freshet.v1.PolicyPayload.$Shape;
        }

        namespace PolicyPayload {
            interface $Properties {
                kind?: (number|null);
                version?: (number|null);
                madeAtNs?: (Long|null);
                notAfterNs?: (Long|null);
                leastAgent?: (string|null);
                target?: (freshet.v1.PolicyTarget.$Properties|null);
                content?: (Uint8Array|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.PolicyPayload.$Properties;
        }

        interface IPolicyTarget extends freshet.v1.PolicyTarget.$Properties {
        }

        class PolicyTarget {
            constructor(properties?: freshet.v1.PolicyTarget.$Properties);
            $unknowns?: Uint8Array[];
            group: string;
            device: string;
            sharePercent: number;
            static encode(message: freshet.v1.PolicyTarget.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.PolicyTarget & freshet.v1.PolicyTarget.$Shape;
        }

        namespace PolicyTarget {
            interface $Properties {
                group?: (string|null);
                device?: (string|null);
                sharePercent?: (number|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.PolicyTarget.$Properties;
        }

        interface IPolicyPush extends freshet.v1.PolicyPush.$Properties {
        }

        class PolicyPush {
            constructor(properties?: freshet.v1.PolicyPush.$Properties);
            $unknowns?: Uint8Array[];
            group: string;
            documents: Uint8Array[];
            static encode(message: freshet.v1.PolicyPush.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.PolicyPush & freshet.v1.PolicyPush.$Shape;
        }

        namespace PolicyPush {
            interface $Properties {
                group?: (string|null);
                documents?: (Uint8Array[]|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.PolicyPush.$Properties;
        }

        interface IPolicyReport extends freshet.v1.PolicyReport.$Properties {
        }

        class PolicyReport {
            constructor(properties?: freshet.v1.PolicyReport.$Properties);
            $unknowns?: Uint8Array[];
            keyId: Uint8Array;
            source: string;
            group: string;
            documents: freshet.v1.DocumentReport.$Properties[];
            suppressed: Long;
            suppressions: freshet.v1.Suppression.$Properties[];
            static encode(message: freshet.v1.PolicyReport.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.PolicyReport & freshet.v1.PolicyReport.$Shape;
        }

        namespace PolicyReport {
            interface $Properties {
                keyId?: (Uint8Array|null);
                source?: (string|null);
                group?: (string|null);
                documents?: (freshet.v1.DocumentReport.$Properties[]|null);
                suppressed?: (Long|null);
                suppressions?: (freshet.v1.Suppression.$Properties[]|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.PolicyReport.$Properties;
        }

        interface IDocumentReport extends freshet.v1.DocumentReport.$Properties {
        }

        class DocumentReport {
            constructor(properties?: freshet.v1.DocumentReport.$Properties);
            $unknowns?: Uint8Array[];
            kind: number;
            version: number;
            receivedVersion: number;
            state: string;
            code: string;
            text: string;
            clamped: number;
            atNs: Long;
            static encode(message: freshet.v1.DocumentReport.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.DocumentReport & freshet.v1.DocumentReport.$Shape;
        }

        namespace DocumentReport {
            interface $Properties {
                kind?: (number|null);
                version?: (number|null);
                receivedVersion?: (number|null);
                state?: (string|null);
                code?: (string|null);
                text?: (string|null);
                clamped?: (number|null);
                atNs?: (Long|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.DocumentReport.$Properties;
        }

        interface ISuppression extends freshet.v1.Suppression.$Properties {
        }

        class Suppression {
            constructor(properties?: freshet.v1.Suppression.$Properties);
            $unknowns?: Uint8Array[];
            rule: string;
            count: Long;
            static encode(message: freshet.v1.Suppression.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Suppression & freshet.v1.Suppression.$Shape;
        }

        namespace Suppression {
            interface $Properties {
                rule?: (string|null);
                count?: (Long|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.Suppression.$Properties;
        }

        interface IReenrol extends freshet.v1.Reenrol.$Properties {
        }

        class Reenrol {
            constructor(properties?: freshet.v1.Reenrol.$Properties);
            $unknowns?: Uint8Array[];
            token: string;
            reason: string;
            static encode(message: freshet.v1.Reenrol.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Reenrol & freshet.v1.Reenrol.$Shape;
        }

        namespace Reenrol {
            interface $Properties {
                token?: (string|null);
                reason?: (string|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.Reenrol.$Properties;
        }

        interface IReenrolling extends freshet.v1.Reenrolling.$Properties {
        }

        class Reenrolling {
            constructor(properties?: freshet.v1.Reenrolling.$Properties);
            $unknowns?: Uint8Array[];
            asked?: (freshet.v1.EnrollRequest.$Properties|null);
            given?: (freshet.v1.EnrollResponse.$Properties|null);
            static encode(message: freshet.v1.Reenrolling.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Reenrolling & freshet.v1.Reenrolling.$Shape;
        }

        namespace Reenrolling {
            interface $Properties {
                asked?: (freshet.v1.EnrollRequest.$Properties|null);
                given?: (freshet.v1.EnrollResponse.$Properties|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.Reenrolling.$Properties;
        }

        interface IAuthorities extends freshet.v1.Authorities.$Properties {
        }

        class Authorities {
            constructor(properties?: freshet.v1.Authorities.$Properties);
            $unknowns?: Uint8Array[];
            sha256: Uint8Array[];
            static encode(message: freshet.v1.Authorities.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): freshet.v1.Authorities & freshet.v1.Authorities.$Shape;
        }

        namespace Authorities {
            interface $Properties {
                sha256?: (Uint8Array[]|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = freshet.v1.Authorities.$Properties;
        }
    }
}
