"""力量分布: who is on duty and where, from NGSI-LD context brokers."""
