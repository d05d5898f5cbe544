/* What the dialect prints of each message, line by line. A field that a schema does not have is
 * left out, so that DIN 70121 and ISO 15118-2 share most lists. */
#include <string.h>

#include "openv2gx.h"

#define LINES static const struct openv2gx_line
#define NUMBER(path) {OPENV2GX_NUMBER, 0, path, NULL}
#define USED(path) {OPENV2GX_USED, 0, path, path "_isUsed"}
#define QUANTITY(path) {OPENV2GX_QUANTITY, 0, path, NULL}
#define QUANTITY_IF(path) {OPENV2GX_QUANTITY_IF, 0, path, NULL}
#define LIMIT(path) {OPENV2GX_LIMIT, 0, path, NULL}
#define INTO(path) {OPENV2GX_INTO, 0, path, NULL}
#define LAST {OPENV2GX_LAST, 0, NULL, NULL}

#define RESPONSE_CODE {OPENV2GX_TEXT, 0, "ResponseCode", NULL}
#define PROCESSING {OPENV2GX_TEXT, 0, "EVSEProcessing", NULL}
#define EVSE_STATUS                                                                            \
    NUMBER("DC_EVSEStatus.EVSEIsolationStatus"), USED("DC_EVSEStatus.EVSEIsolationStatus"),    \
        NUMBER("DC_EVSEStatus.EVSEStatusCode"),                                                \
        {OPENV2GX_STATUS, 0, "DC_EVSEStatus.EVSEStatusCode", "EVSEStatusCode_text"},           \
        NUMBER("DC_EVSEStatus.NotificationMaxDelay"), NUMBER("DC_EVSEStatus.EVSENotification")
#define EV_ERROR(path) {OPENV2GX_TEXT, 0, path, "DC_EVErrorCodeText"}
#define EV_STATUS                                                                              \
    NUMBER("DC_EVStatus.EVReady"), NUMBER("DC_EVStatus.EVErrorCode"),                          \
        EV_ERROR("DC_EVStatus.EVErrorCode"), NUMBER("DC_EVStatus.EVRESSSOC")

LINES response[] = {RESPONSE_CODE, LAST};
LINES none[] = {LAST};

LINES session_setup_req[] = {
    {OPENV2GX_LENGTH, 0, "EVCCID", "EVCCID.bytesLen"},
    {OPENV2GX_HEX, 0, "EVCCID", NULL},
    LAST,
};

LINES session_setup_res[] = {
    RESPONSE_CODE,
    {OPENV2GX_LENGTH, 'D', "EVSEID", "EVSEID.bytesLen"},
    {OPENV2GX_LENGTH, '1', "EVSEID", "EVSEID.charactersLen"},
    {OPENV2GX_HEX, 0, "EVSEID", NULL},
    LAST,
};

LINES service_discovery_req[] = {
    {OPENV2GX_TRUE_IF, 0, "ServiceScope", "ServiceScope_isUsed"},
    {OPENV2GX_LENGTH_IF, 0, "ServiceScope", "ServiceScope.charactersLen"},
    {OPENV2GX_TRUE_IF, 0, "ServiceCategory", "ServiceCategory_isUsed"},
    LAST,
};

LINES payment_selection_req[] = {
    {OPENV2GX_TEXT, 0, "SelectedPaymentOption", NULL},
    {OPENV2GX_COUNT, 0, "SelectedServiceList.SelectedService", "SelectedService.arrayLen"},
    {OPENV2GX_SERVICES, 0, "SelectedServiceList.SelectedService", "SelectedService.array"},
    LAST,
};

LINES authorization_res[] = {RESPONSE_CODE, PROCESSING, LAST};

LINES charge_parameter_req[] = {
    NUMBER("EVRequestedEnergyTransferType"),
    NUMBER("RequestedEnergyTransferMode"),
    {OPENV2GX_HEAD, 0, "EVChargeParameter", "EVChargeParameter_isUsed"},
    USED("DC_EVChargeParameter"),
    INTO("DC_EVChargeParameter"),
    NUMBER("DC_EVStatus.EVRESSSOC"),
    NUMBER("DC_EVStatus.EVReady"),
    {OPENV2GX_USED, 0, "DC_EVStatus.EVCabinConditioning", "EVCabinConditioning_isUsed"},
    {OPENV2GX_USED, 0, "DC_EVStatus.EVRESSConditioning", "EVRESSConditioning_isUsed"},
    {OPENV2GX_NUMBER, 0, "DC_EVStatus.EVErrorCode", "EVErrorCode"},
    EV_ERROR("DC_EVStatus.EVErrorCode"),
    LIMIT("EVMaximumCurrentLimit"),
    USED("EVMaximumPowerLimit"),
    LIMIT("EVMaximumPowerLimit"),
    LIMIT("EVMaximumVoltageLimit"),
    USED("EVEnergyCapacity"),
    LIMIT("EVEnergyCapacity"),
    USED("EVEnergyRequest"),
    LIMIT("EVEnergyRequest"),
    USED("FullSOC"),
    NUMBER("FullSOC"),
    USED("BulkSOC"),
    NUMBER("BulkSOC"),
    LAST,
};

#define SCHEDULE "SchedTuple0.PMaxSchedule.PMaxScheduleEntry"
#define ENTRY SCHEDULE ".array[0]"
#define FIRST_SCHEDULE "SAScheduleList.SAScheduleTuple[0].PMaxSchedule"
LINES charge_parameter_res[] = {
    RESPONSE_CODE,
    PROCESSING,
    USED("SAScheduleList"),
    INTO("SAScheduleList"),
    {OPENV2GX_COUNT, 0, "SAScheduleTuple", "SAScheduleList.SAScheduleTuple.arrayLen"},
    INTO(FIRST_SCHEDULE),
    {OPENV2GX_COUNT, 0, "PMaxScheduleEntry", SCHEDULE ".arrayLen"},
    INTO(FIRST_SCHEDULE ".PMaxScheduleEntry[0]"),
    {OPENV2GX_HEAD, 0, "TimeInterval", ENTRY ".TimeInterval_isUsed"},
    {OPENV2GX_USED, 0, "RelativeTimeInterval", ENTRY ".RelativeTimeInterval_isUsed"},
    INTO(FIRST_SCHEDULE ".PMaxScheduleEntry[0].RelativeTimeInterval"),
    {OPENV2GX_NUMBER, 0, "start", ENTRY ".RelativeTimeInterval.start"},
    {OPENV2GX_USED, 0, "duration", ENTRY ".RelativeTimeInterval.duration_isUsed"},
    {OPENV2GX_NUMBER_IF, 0, "duration", ENTRY ".RelativeTimeInterval.duration"},
    INTO(FIRST_SCHEDULE ".PMaxScheduleEntry[0]"),
    {OPENV2GX_NUMBER, 'D', "PMax", ENTRY ".PMax"},
    {OPENV2GX_NUMBER, '1', "PMax.Value", ENTRY ".PMax"},
    INTO("DC_EVSEChargeParameter"),
    EVSE_STATUS,
    QUANTITY("EVSEMaximumCurrentLimit"),
    {OPENV2GX_USED, 'D', "EVSEMaximumPowerLimit", "EVSEMaximumPowerLimit_isUsed"},
    QUANTITY("EVSEMaximumPowerLimit"),
    QUANTITY("EVSEMaximumVoltageLimit"),
    QUANTITY("EVSEMinimumCurrentLimit"),
    QUANTITY("EVSEMinimumVoltageLimit"),
    LAST,
};

LINES cable_check_req[] = {
    NUMBER("DC_EVStatus.EVRESSSOC"),
    NUMBER("DC_EVStatus.EVReady"),
    LAST,
};

LINES cable_check_res[] = {RESPONSE_CODE, EVSE_STATUS, PROCESSING, LAST};

LINES pre_charge_req[] = {
    EV_STATUS,
    QUANTITY("EVTargetVoltage"),
    QUANTITY("EVTargetCurrent"),
    LAST,
};

/* PreChargeRes and WeldingDetectionRes. */
LINES voltage_res[] = {RESPONSE_CODE, EVSE_STATUS, QUANTITY("EVSEPresentVoltage"), LAST};

LINES power_delivery_req[] = {
    NUMBER("ReadyToChargeState"),
    {OPENV2GX_BOOLEAN, 0, "ReadyToChargeState", "ReadyToChargeState_Text"},
    NUMBER("ChargeProgress"),
    {OPENV2GX_FLAG_IF, 0, "ChargeProgress", "ChargeProgress_Text"},
    USED("ChargingProfile"),
    {OPENV2GX_HEAD, 0, "EVPowerDeliveryParameter", "EVPowerDeliveryParameter_isUsed"},
    USED("DC_EVPowerDeliveryParameter"),
    INTO("DC_EVPowerDeliveryParameter"),
    {OPENV2GX_NUMBER, 0, "DC_EVStatus.EVReady", "EVReady"},
    {OPENV2GX_NUMBER, 0, "DC_EVStatus.EVErrorCode", "EVErrorCode"},
    EV_ERROR("DC_EVStatus.EVErrorCode"),
    {OPENV2GX_NUMBER, 0, "DC_EVStatus.EVRESSSOC", "EVRESSSOC"},
    USED("BulkChargingComplete"),
    {OPENV2GX_NUMBER_IF, 0, "BulkChargingComplete", NULL},
    NUMBER("ChargingComplete"),
    {OPENV2GX_USED, 0, "DC_EVStatus.EVCabinConditioning", "EVCabinConditioning_isUsed"},
    {OPENV2GX_NUMBER_IF, 0, "DC_EVStatus.EVCabinConditioning", "EVCabinConditioning"},
    {OPENV2GX_USED, 0, "DC_EVStatus.EVRESSConditioning", "EVRESSConditioning_isUsed"},
    {OPENV2GX_NUMBER_IF, 0, "DC_EVStatus.EVRESSConditioning", "EVRESSConditioning"},
    LAST,
};

LINES power_delivery_res[] = {
    RESPONSE_CODE,
    {OPENV2GX_ONLY_WITH, 0, "DC_EVSEStatus", NULL},
    EVSE_STATUS,
    LAST,
};

LINES current_demand_req[] = {
    EV_STATUS,
    QUANTITY("EVTargetCurrent"),
    USED("EVMaximumVoltageLimit"),
    QUANTITY_IF("EVMaximumVoltageLimit"),
    USED("EVMaximumCurrentLimit"),
    QUANTITY_IF("EVMaximumCurrentLimit"),
    USED("EVMaximumPowerLimit"),
    QUANTITY_IF("EVMaximumPowerLimit"),
    NUMBER("ChargingComplete"),
    QUANTITY("EVTargetVoltage"),
    LAST,
};

/* A limit of the voltage that was not sent is printed all the same, as 0. */
LINES current_demand_res[] = {
    RESPONSE_CODE,
    EVSE_STATUS,
    QUANTITY("EVSEPresentVoltage"),
    QUANTITY("EVSEPresentCurrent"),
    NUMBER("EVSECurrentLimitAchieved"),
    NUMBER("EVSEVoltageLimitAchieved"),
    NUMBER("EVSEPowerLimitAchieved"),
    QUANTITY("EVSEMaximumVoltageLimit"),
    QUANTITY_IF("EVSEMaximumCurrentLimit"),
    QUANTITY_IF("EVSEMaximumPowerLimit"),
    LAST,
};

LINES welding_detection_req[] = {EV_STATUS, LAST};

static const struct {
    const char *message;
    const struct openv2gx_line *lines;
} messages[] = {
    {"SessionSetupReq", session_setup_req},
    {"SessionSetupRes", session_setup_res},
    {"ServiceDiscoveryReq", service_discovery_req},
    {"ServiceDiscoveryRes", response},
    {"ServicePaymentSelectionReq", payment_selection_req},
    {"ServicePaymentSelectionRes", response},
    {"PaymentServiceSelectionReq", payment_selection_req},
    {"PaymentServiceSelectionRes", response},
    {"ContractAuthenticationReq", none},
    {"ContractAuthenticationRes", authorization_res},
    {"AuthorizationReq", none},
    {"AuthorizationRes", authorization_res},
    {"ChargeParameterDiscoveryReq", charge_parameter_req},
    {"ChargeParameterDiscoveryRes", charge_parameter_res},
    {"CableCheckReq", cable_check_req},
    {"CableCheckRes", cable_check_res},
    {"PreChargeReq", pre_charge_req},
    {"PreChargeRes", voltage_res},
    {"PowerDeliveryReq", power_delivery_req},
    {"PowerDeliveryRes", power_delivery_res},
    {"CurrentDemandReq", current_demand_req},
    {"CurrentDemandRes", current_demand_res},
    {"WeldingDetectionReq", welding_detection_req},
    {"WeldingDetectionRes", voltage_res},
    {"SessionStopReq", none},
    {"SessionStopRes", response},
};

const struct openv2gx_line *openv2gx_lines(const char *message) {
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        if (!strcmp(messages[i].message, message)) return messages[i].lines;
    }
    return NULL;
}
