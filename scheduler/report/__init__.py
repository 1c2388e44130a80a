"""What planners look at: page, workbook, plots and calendars, in two languages."""
