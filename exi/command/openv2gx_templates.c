/* The messages that the dialect encodes, as JSON with single quotes for double ones.
 *
 * Parameters are counted from 1: `$2` is a whole number, `@1` a session id, `%1` a MAC address,
 * `<3 no|yes>` the text whose place the parameter is, from 0. All other values are constants of
 * the dialect, which no argument can change.
 */
#include "openv2gx.h"

#define MESSAGE(session, name, content)                                                        \
    "{'V2G_Message':{'Header':{'SessionID':'" session "'},'Body':{'" name "':{" content "}}}}"
#define REQUEST(schema, letter, name, content)                                                 \
    {schema, letter, name, MESSAGE("@1", name, content), NULL}
#define RESPONSE(schema, letter, name, content)                                                \
    {schema, letter, name, MESSAGE("0102030405060708", name, content), NULL}
/* A response whose last parameter earlier versions of that program did not take. */
#define GROWN(schema, letter, name, content, missing)                                          \
    {schema, letter, name, MESSAGE("0102030405060708", name, content), missing}

#define QUANTITY(name, value, unit)                                                            \
    "'" name "':{'Multiplier':0,'Unit':'" unit "','Value':" value "}"
#define POWER(name, value, multiplier)                                                         \
    "'" name "':{'Multiplier':" multiplier ",'Unit':'W','Value':" value "}"

#define EV_STATUS(ready, soc)                                                                  \
    "'DC_EVStatus':{'EVReady':" ready ",'EVErrorCode':'NO_ERROR','EVRESSSOC':" soc "}"
#define EVSE_STATUS(isolation, code)                                                           \
    "'DC_EVSEStatus':{" isolation "'EVSEStatusCode':'" code "','NotificationMaxDelay':0,"      \
    "'EVSENotification':'None'}"
#define ISOLATION(level) "'EVSEIsolationStatus':'" level "',"

#define OK "'ResponseCode':'OK'"
#define STATUS_CODES                                                                           \
    "<3 EVSE_NotReady|EVSE_Ready|EVSE_Shutdown|EVSE_UtilityInterruptEvent|"                    \
    "EVSE_IsolationMonitoringActive|EVSE_EmergencyShutdown|EVSE_Malfunction|Reserved_8|"       \
    "Reserved_9|Reserved_A|Reserved_B|Reserved_C>"

/* --- what both standards have --- */
#define EV_LIMITS                                                                              \
    QUANTITY("EVMaximumCurrentLimit", "100", "A") "," POWER("EVMaximumPowerLimit", "9800", "1")\
    "," QUANTITY("EVMaximumVoltageLimit", "398", "V") ","                                      \
    QUANTITY("EVEnergyCapacity", "28000", "Wh") "," QUANTITY("EVEnergyRequest", "20000", "Wh") \
    ",'FullSOC':100,'BulkSOC':80"
#define EVSE_LIMITS                                                                            \
    EVSE_STATUS(ISOLATION("Invalid"), "EVSE_Ready") ","                                        \
    QUANTITY("EVSEMaximumCurrentLimit", "200", "A") ","                                        \
    POWER("EVSEMaximumPowerLimit", "10", "3") ","                                              \
    QUANTITY("EVSEMaximumVoltageLimit", "450", "V") ","                                        \
    QUANTITY("EVSEMinimumCurrentLimit", "1", "A") ","                                          \
    QUANTITY("EVSEMinimumVoltageLimit", "200", "V") ","                                        \
    QUANTITY("EVSECurrentRegulationTolerance", "5", "A") ","                                   \
    QUANTITY("EVSEPeakCurrentRipple", "5", "A")
#define CURRENT_DEMAND                                                                         \
    EV_STATUS("true", "$2") "," QUANTITY("EVTargetCurrent", "$3", "A")                         \
    ",'BulkChargingComplete':false,'ChargingComplete':false,"                                  \
    QUANTITY("RemainingTimeToFullSoC", "1200", "s") ","                                        \
    QUANTITY("RemainingTimeToBulkSoC", "600", "s") "," QUANTITY("EVTargetVoltage", "$4", "V")
#define CURRENT_GIVEN                                                                          \
    OK "," EVSE_STATUS(ISOLATION("Valid"), STATUS_CODES) ","                                   \
    QUANTITY("EVSEPresentVoltage", "$1", "V") "," QUANTITY("EVSEPresentCurrent", "$2", "A")    \
    ",'EVSECurrentLimitAchieved':true,'EVSEVoltageLimitAchieved':false,"                       \
    "'EVSEPowerLimitAchieved':false"
#define PRE_CHARGE                                                                             \
    EV_STATUS("true", "$2") "," QUANTITY("EVTargetVoltage", "$3", "V") ","                     \
    QUANTITY("EVTargetCurrent", "1", "A")
#define SELECTION                                                                              \
    "'SelectedPaymentOption':'ExternalPayment',"                                               \
    "'SelectedServiceList':{'SelectedService':[{'ServiceID':1}]}"

/* --- the handshake --- */
#define OFFER(namespace, id, priority)                                                         \
    "{'ProtocolNamespace':'" namespace "','VersionNumberMajor':2,'VersionNumberMinor':0,"      \
    "'SchemaID':" id ",'Priority':" priority "}"
#define DIN_NAMESPACE "urn:din:70121:2012:MsgDef"
#define ISO_NAMESPACE "urn:iso:15118:2:2013:MsgDef"

const struct openv2gx_template openv2gx_templates[] = {
    {'H', 0, "SupportedAppProtocolReq",
     "{'supportedAppProtocolReq':{'AppProtocol':[<1 " OFFER(DIN_NAMESPACE, "0", "1") "|"
     OFFER(ISO_NAMESPACE, "0", "1") "|"
     OFFER(DIN_NAMESPACE, "0", "2") "," OFFER(ISO_NAMESPACE, "1", "1") ">]}}", NULL},
    {'h', 0, "SupportedAppProtocolRes",
     "{'supportedAppProtocolRes':{'ResponseCode':'OK_SuccessfulNegotiation','SchemaID':$1}}", "1"},

    /* DIN 70121 */
    {'D', 'A', "SessionSetupReq", MESSAGE("0000000000000000", "SessionSetupReq", "'EVCCID':'%1'"),
     NULL},
    RESPONSE('D', 'a', "SessionSetupRes",
             "'ResponseCode':'OK_NewSessionEstablished','EVSEID':'5A5A3030303030'"),
    REQUEST('D', 'B', "ServiceDiscoveryReq", ""),
    RESPONSE('D', 'b', "ServiceDiscoveryRes",
             OK ",'PaymentOptions':{'PaymentOption':['ExternalPayment']},'ChargeService':{"
             "'ServiceTag':{'ServiceID':1,'ServiceCategory':'EVCharging'},'FreeService':false,"
             "'EnergyTransferType':'DC_extended'}"),
    REQUEST('D', 'C', "ServicePaymentSelectionReq", SELECTION),
    RESPONSE('D', 'c', "ServicePaymentSelectionRes", OK),
    REQUEST('D', 'E', "ChargeParameterDiscoveryReq",
            "'EVRequestedEnergyTransferType':'DC_extended','DC_EVChargeParameter':{"
            EV_STATUS("false", "$2") "," EV_LIMITS "}"),
    RESPONSE('D', 'e', "ChargeParameterDiscoveryRes",
             OK ",'EVSEProcessing':'Finished','SAScheduleList':{'SAScheduleTuple':[{"
             "'SAScheduleTupleID':0,'PMaxSchedule':{'PMaxScheduleID':0,'PMaxScheduleEntry':[{"
             "'RelativeTimeInterval':{'start':0},'PMax':50}]}}]},"
             "'DC_EVSEChargeParameter':{" EVSE_LIMITS "}"),
    REQUEST('D', 'F', "CableCheckReq", EV_STATUS("true", "$2")),
    GROWN('D', 'f', "CableCheckRes",
          OK "," EVSE_STATUS(ISOLATION("<1 Valid|Invalid>"),
                             "<1 EVSE_Ready|EVSE_IsolationMonitoringActive>")
          ",'EVSEProcessing':'<1 Finished|Ongoing>'", "0"),
    REQUEST('D', 'G', "PreChargeReq", PRE_CHARGE),
    /* The unit is left out, as that program does. */
    RESPONSE('D', 'g', "PreChargeRes",
             OK "," EVSE_STATUS(ISOLATION("Valid"), "EVSE_Ready")
             ",'EVSEPresentVoltage':{'Multiplier':0,'Value':$1}"),
    REQUEST('D', 'H', "PowerDeliveryReq",
            "'ReadyToChargeState':<3 false|true>,'DC_EVPowerDeliveryParameter':{"
            "'DC_EVStatus':{'EVReady':true,'EVCabinConditioning':false,'EVRESSConditioning':false,"
            "'EVErrorCode':'NO_ERROR','EVRESSSOC':$2},"
            "'BulkChargingComplete':false,'ChargingComplete':false}"),
    RESPONSE('D', 'h', "PowerDeliveryRes", OK "," EVSE_STATUS(ISOLATION("Valid"), "EVSE_Ready")),
    REQUEST('D', 'I', "CurrentDemandReq", CURRENT_DEMAND),
    GROWN('D', 'i', "CurrentDemandRes", CURRENT_GIVEN, "1"),
    REQUEST('D', 'J', "WeldingDetectionReq", EV_STATUS("true", "$2")),
    GROWN('D', 'j', "WeldingDetectionRes",
          OK "," EVSE_STATUS("", "EVSE_NotReady") "," QUANTITY("EVSEPresentVoltage", "$1", "V"),
          "0"),
    REQUEST('D', 'K', "SessionStopReq", ""),
    RESPONSE('D', 'k', "SessionStopRes", OK),
    REQUEST('D', 'L', "ContractAuthenticationReq", ""),
    GROWN('D', 'l', "ContractAuthenticationRes", OK ",'EVSEProcessing':'<1 Ongoing|Finished>'",
          "1"),

    /* ISO 15118-2. That program has no requests here; these say what its DIN 70121 ones do. */
    {'1', 'A', "SessionSetupReq", MESSAGE("0000000000000000", "SessionSetupReq", "'EVCCID':'%1'"),
     NULL},
    RESPONSE('1', 'a', "SessionSetupRes",
             "'ResponseCode':'OK_NewSessionEstablished','EVSEID':'ZZ00000'"),
    REQUEST('1', 'B', "ServiceDiscoveryReq", ""),
    RESPONSE('1', 'b', "ServiceDiscoveryRes",
             OK ",'PaymentOptionList':{'PaymentOption':['ExternalPayment']},'ChargeService':{"
             "'ServiceID':0,'ServiceCategory':'EVCharging','FreeService':false,"
             "'SupportedEnergyTransferMode':{'EnergyTransferMode':['DC_extended']}}"),
    REQUEST('1', 'C', "PaymentServiceSelectionReq", SELECTION),
    RESPONSE('1', 'c', "PaymentServiceSelectionRes", OK),
    REQUEST('1', 'E', "ChargeParameterDiscoveryReq",
            "'RequestedEnergyTransferMode':'DC_extended','DC_EVChargeParameter':{"
            EV_STATUS("false", "$2") "," EV_LIMITS "}"),
    RESPONSE('1', 'e', "ChargeParameterDiscoveryRes",
             OK ",'EVSEProcessing':'Finished','SAScheduleList':{'SAScheduleTuple':[{"
             "'SAScheduleTupleID':1,'PMaxSchedule':{'PMaxScheduleEntry':[{"
             "'RelativeTimeInterval':{'start':0}," POWER("PMax", "50", "3") "}]}}]},"
             "'DC_EVSEChargeParameter':{" EVSE_LIMITS "}"),
    REQUEST('1', 'F', "CableCheckReq", EV_STATUS("true", "$2")),
    RESPONSE('1', 'f', "CableCheckRes",
             OK "," EVSE_STATUS("", "EVSE_NotReady") ",'EVSEProcessing':'<1 Finished|Ongoing>'"),
    REQUEST('1', 'G', "PreChargeReq", PRE_CHARGE),
    RESPONSE('1', 'g', "PreChargeRes",
             OK "," EVSE_STATUS(ISOLATION("Valid"), "EVSE_Ready") ","
             QUANTITY("EVSEPresentVoltage", "$1", "V")),
    REQUEST('1', 'H', "PowerDeliveryReq",
            "'ChargeProgress':'<3 Stop|Start>','SAScheduleTupleID':1,"
            "'DC_EVPowerDeliveryParameter':{" EV_STATUS("true", "$2")
            ",'BulkChargingComplete':false,'ChargingComplete':false}"),
    RESPONSE('1', 'h', "PowerDeliveryRes", OK "," EVSE_STATUS(ISOLATION("Valid"), "EVSE_Ready")),
    REQUEST('1', 'I', "CurrentDemandReq", CURRENT_DEMAND),
    /* Its own EVSEID is empty and its SAScheduleTupleID 0, which the schema forbids. */
    RESPONSE('1', 'i', "CurrentDemandRes",
             CURRENT_GIVEN ",'EVSEID':'ZZ00000','SAScheduleTupleID':1"),
    REQUEST('1', 'J', "WeldingDetectionReq", EV_STATUS("true", "$2")),
    RESPONSE('1', 'j', "WeldingDetectionRes",
             OK "," EVSE_STATUS("", "EVSE_NotReady") ","
             QUANTITY("EVSEPresentVoltage", "$1", "V")),
    REQUEST('1', 'K', "SessionStopReq", "'ChargingSession':'Terminate'"),
    RESPONSE('1', 'k', "SessionStopRes", OK),
    REQUEST('1', 'L', "AuthorizationReq", ""),
    RESPONSE('1', 'l', "AuthorizationRes", OK ",'EVSEProcessing':'<1 Ongoing|Finished>'"),
};

const unsigned openv2gx_template_count = sizeof openv2gx_templates / sizeof openv2gx_templates[0];
